"""Fetching the jars, with a Maven that only pretends."""

import os
from pathlib import Path

import pytest

from local_hadoop import jars
from local_hadoop.errors import HadoopError

COPY = """for argument in "$@"; do case $argument in
-DoutputDirectory=*) folder=${argument#*=};;
esac; done
mkdir -p "$folder" && echo jar > "$folder/a.jar" && echo call >> "$CALLS"
"""


@pytest.fixture(name="calls")
def note_calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with a line for each call of Maven; the cache is empty."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    return tmp_path / "calls"


@pytest.fixture(name="maven")
def make_maven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "bin" / "mvn"
    path.parent.mkdir()
    monkeypatch.setenv("PATH", f"{path.parent}{os.pathsep}{os.environ['PATH']}")
    return path


def write(maven: Path, script: str) -> None:
    maven.write_text(f"#!/bin/sh\n{script}", encoding="utf-8")
    maven.chmod(0o755)


def test_jars_are_fetched_once(maven: Path, calls: Path) -> None:
    write(maven, COPY)
    folder = jars.fetch_jars()
    assert jars.fetch_jars() == folder == jars.jars_folder()
    assert [jar.name for jar in folder.iterdir()] == ["a.jar"]
    assert calls.read_text(encoding="utf-8") == "call\n"


def test_nothing_lies_beside_the_jars(maven: Path, calls: Path) -> None:
    write(maven, COPY)
    folder = jars.fetch_jars()
    assert calls.exists()
    assert list(folder.parent.iterdir()) == [folder]


@pytest.mark.usefixtures("calls")
def test_a_process_that_comes_second_uses_the_jars_of_the_first(maven: Path) -> None:
    first = jars.jars_folder()
    write(maven, f"{COPY}mkdir -p {first} && echo first > {first}/first.jar\n")
    assert [jar.name for jar in jars.fetch_jars().iterdir()] == ["first.jar"]
    assert list(first.parent.iterdir()) == [first]


@pytest.mark.usefixtures("calls")
def test_a_failed_fetch_leaves_nothing_and_says_what_maven_said(maven: Path) -> None:
    write(maven, "echo no route to host; exit 1\n")
    with pytest.raises(HadoopError, match=r"status 1(.|\n)*no route to host"):
        jars.fetch_jars()
    assert list(jars.jars_folder().parent.iterdir()) == []


@pytest.mark.usefixtures("calls")
def test_a_missing_maven_is_explained(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(HadoopError, match=r"no `mvn` on the PATH: install Maven"):
        jars.fetch_jars()


def test_the_version_is_the_one_of_the_pom() -> None:
    assert jars.hadoop_version() == "3.5.0"
    assert jars.jars_folder().name == "hadoop-3.5.0"

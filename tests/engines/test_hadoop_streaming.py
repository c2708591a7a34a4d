"""Hadoop Streaming itself, in one JVM without daemons: Hadoop sorts, deals out and counts, and starts processes."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from cluster.mapreduce.containers import Containers
from cluster.mapreduce.jobs import Run, StreamingJob, mapreduce
from cluster.yarn import artifacts
from engines.mapreduce.prepare import prepare
from engines.records import Records
from local_hadoop.jars import fetch_streaming_jar
from prepared.manifest import Manifest
from run.profile import Profile
from run.result import Result
from run.terminal import Terminal
from tests.engines import local_streaming, rows
from text.errors import DataError

pytestmark = pytest.mark.integration

SITE = """<configuration>
  <property><name>fs.defaultFS</name><value>file:///</value></property>
  <property><name>hadoop.tmp.dir</name><value>{folder}</value></property>
</configuration>"""
PROFILE = Profile(master="yarn", python=sys.executable, mapreduce={"mapreduce.framework.name": "local"})


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """The input."""
    return rows.write(tmp_path)


@pytest.fixture
def said() -> Terminal:
    """A terminal that remembers."""
    return Terminal(Console(record=True, file=sys.stderr, width=500))


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: Terminal) -> Iterator[Run]:
    """Runs jobs; the JVM's working directory is that of all tasks."""
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "core-site.xml").write_text(SITE.format(folder=tmp_path / "tmp"), encoding="utf-8")
    (tmp_path / "tasks").mkdir()
    monkeypatch.setenv("HADOOP_CONF_DIR", str(tmp_path / "conf"))
    monkeypatch.chdir(tmp_path / "tasks")
    containers, staging = Containers.of(PROFILE), f"file://{tmp_path}/staging"
    assert len(list(artifacts.put(containers, staging))) == 2
    with mapreduce(PROFILE, containers, staging, fetch_streaming_jar(), said) as run:
        yield lambda job: run(as_uris(job))


def as_uris(job: StreamingJob) -> StreamingJob:
    """The job with its local paths as Hadoop takes them."""
    files = tuple(f"file://{file}" for file in job.files)
    return replace(job, tasks=f"file://{job.tasks}", output=f"file://{job.output}", files=files)


def prepared(files: dict[str, Path], folder: Path, run: Run, pieces: int) -> Manifest:
    (folder.parent / f"{folder.name}-out").mkdir()
    records = Records(f"{folder}-out", Result())
    return prepare(rows.config(files), str(folder), records, run, reducers=2, wanted=pieces)


def test_it_makes_the_same_corpus(files: dict[str, Path], run: Run, said: Terminal, tmp_path: Path) -> None:
    expected = prepared(files, tmp_path / "expected", local_streaming.run, 1)
    assert prepared(files, tmp_path / "found", run, 3).hash == expected.hash
    told = said.console.export_text()
    assert f"{expected.read:,} rows read" in told
    assert f"{sum(rows.REASONS.values()):,} rows quarantined" in told
    assert f"{sum(expected.documents.values()):,} documents written" in told


def test_a_task_that_fails_has_the_last_word(files: dict[str, Path], run: Run, tmp_path: Path) -> None:
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "a.tsv").write_bytes(rows.LINES)
    (tmp_path / "two" / "b.tsv").write_bytes("text\tlabel\n好\t好评\n".encode())
    with pytest.raises(DataError, match=r"b\.tsv names the columns \[b'text', b'label'\]"):
        prepared({**files, "data.input": tmp_path / "two"}, tmp_path / "found", run, 3)
    assert not (tmp_path / "found").exists()

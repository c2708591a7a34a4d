"""What is found on this machine, with stand-ins for Java, Spark and Hadoop's files."""

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from cluster.doctor import machine
from cluster.doctor.finding import Finding
from cluster.errors import LaunchError
from run.resources import ResourceRequest, Resources

REQUEST = ResourceRequest(executors=2, cores=1, slots=1, heap_mb=1024, driver=Resources(1024, 1))


def only(findings: list[Finding]) -> Finding:
    (finding,) = findings
    return finding


@pytest.fixture
def java(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a Java that is still to be written; there is no other."""
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    monkeypatch.setattr(machine, "JAVA_SECONDS", 20)
    return tmp_path


def write_program(path: Path, script: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)


@pytest.mark.parametrize(
    ("said", "verdict", "found"),
    [
        ('openjdk version "17.0.15" 2025-04-15', "ok", "17.0.15, "),
        ('openjdk version "21" 2023-09-19', "ok", "21, "),
        ('openjdk version "11.0.2" 2019-01-15', "failed", "11.0.2, "),
        ('java version "1.8.0_392"', "failed", "1.8.0_392, "),
        ("no idea", "failed", "no version, "),
    ],
)
def test_java(java: Path, said: str, verdict: str, found: str) -> None:
    write_program(java / "java", f"echo '{said}' >&2")
    finding = only([*machine.java_version()])
    assert finding.verdict == verdict
    assert finding.found == f"{found}{java / 'java'}"


def test_no_java(java: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(java))
    assert only([*machine.java_version()]).found == "none in PATH"
    monkeypatch.setenv("JAVA_HOME", "/nowhere")
    assert only([*machine.java_version()]).found == "none in JAVA_HOME=/nowhere"
    assert only([*machine.java_version()]).verdict == "failed"


def test_a_java_that_cannot_run(java: Path) -> None:
    (java / "java").write_bytes(b"\x7fELF nothing")
    (java / "java").chmod(0o755)
    finding = only([*machine.java_version()])
    assert finding.verdict == "failed"
    assert "does not run" in finding.found


def test_python(monkeypatch: pytest.MonkeyPatch) -> None:
    assert only([*machine.python_version()]).verdict == "ok"
    monkeypatch.setattr("platform.python_version", lambda: "3.9.2")
    assert only([*machine.python_version()]).verdict == "failed"


def test_versions_are_those_of_the_project() -> None:
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert SpecifierSet(project["requires-python"]) == machine.PYTHONS
    assert next(r for r in map(Requirement, project["dependencies"]) if r.name == "pyspark").specifier == machine.SPARKS


def spark(home: Path, *jars: str) -> None:
    (home / "jars").mkdir(parents=True)
    for jar in jars:
        (home / "jars" / jar).touch()
    write_program(home / "bin" / "spark-submit", "")


@pytest.mark.parametrize(
    ("jars", "verdict", "client"),
    [
        (("spark-core_2.13-4.3.0.jar", "spark-yarn_2.13-4.3.0.jar", "hadoop-client-api-3.5.0.jar"), "ok", "ok"),
        (("spark-core_2.12-3.5.1.3.5.2.0-9.jar", "hadoop-client-api-3.3.4.jar"), "ok", "failed"),
        (("spark-core_2.12-3.3.0.jar", "spark-yarn_2.12-3.3.0.jar"), "failed", "failed"),
        ((), "failed", "failed"),
    ],
)
def test_spark_and_hadoop_client(
    jars: tuple[str, ...], verdict: str, client: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPARK_HOME", str(tmp_path / "spark"))
    spark(tmp_path / "spark", *jars)
    assert only([*machine.spark_version()]).verdict == verdict
    assert only([*machine.hadoop_client()]).verdict == client


def test_no_spark_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SPARK_HOME", raising=False)
    monkeypatch.setattr("cluster.spark_submit.find_spec", lambda _: None)
    with pytest.raises(LaunchError) as raised:
        list(machine.spark_version())
    assert raised.value.remedy == "Set SPARK_HOME, or install the package pyspark."


def test_hadoops_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HADOOP_CONF_DIR", raising=False)
    assert only([*machine.hadoop_configuration()]).found == "not set"
    monkeypatch.setenv("HADOOP_CONF_DIR", str(tmp_path))
    assert "core-site.xml: No such file" in only([*machine.hadoop_configuration()]).found
    (tmp_path / "core-site.xml").write_text("<configuration/>", encoding="utf-8")
    (tmp_path / "yarn-site.xml").write_text("<configuration>", encoding="utf-8")
    finding = only([*machine.hadoop_configuration()])
    assert finding.verdict == "failed"
    assert "yarn-site.xml: no XML" in finding.found
    (tmp_path / "yarn-site.xml").write_text("<configuration/>", encoding="utf-8")
    assert only([*machine.hadoop_configuration()]).verdict == "ok"


def test_room_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_available_mb", lambda: 6144)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    memory, cores = machine.room(REQUEST)
    assert (memory.verdict, cores.verdict) == ("ok", "ok")
    assert memory.found == "6,144 MiB needed, 6,144 MiB available"
    memory, cores = machine.room(replace(REQUEST, executors=3))
    assert (memory.verdict, cores.verdict) == ("warning", "warning")


def test_this_machine_has_memory() -> None:
    assert 0 < machine._available_mb() < 1 << 30

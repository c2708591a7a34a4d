"""The way through the checks, with a made-up YARN and HDFS."""

from collections.abc import Callable
from pathlib import Path

import pytest

import textcnn
from cluster.doctor import command, hdfs
from cluster.doctor.capacity import Capacity, Node, Queue
from cluster.errors import YarnError
from run.resources import Resources

WHOLE = Resources(8192, 4)
YARN = Capacity(
    queue=Queue(state="RUNNING", used=0, free=None),
    queues=("default",),
    largest=WHOLE,
    nodes=(Node(host="localhost", labels=frozenset(), whole=WHOLE, free=WHOLE),) * 2,
    counts_gpus=False,
)

JARS = ("spark-core_2.13-4.3.0", "spark-yarn_2.13-4.3.0", "hadoop-client-api-3.5.0")

Doctor = Callable[..., tuple[int, list[str]]]


@pytest.fixture
def doctor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Doctor:
    """The command's exit status, and verdict and name of each finding; Spark, HDFS and YARN are made up and well."""
    for file in ("core-site.xml", "yarn-site.xml"):
        (tmp_path / file).write_text("<configuration/>", encoding="utf-8")
    for file in ("bin/spark-submit", *(f"jars/{jar}.jar" for jar in JARS)):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).touch()
    monkeypatch.setenv("SPARK_HOME", str(tmp_path))
    monkeypatch.delenv("SPARK_CONF_DIR", raising=False)
    monkeypatch.setenv("HADOOP_CONF_DIR", str(tmp_path))
    monkeypatch.setattr(hdfs, "_probe", lambda _: hdfs.CONTENT)
    monkeypatch.setattr(command, "ask", lambda _: YARN)

    def run(profile: str, *arguments: str) -> tuple[int, list[str]]:
        (tmp_path / "p.toml").write_text(profile, encoding="utf-8")
        status = textcnn.main(["doctor", "--profile", str(tmp_path / "p.toml"), *arguments])
        lines = capsys.readouterr().out.splitlines()[:-1]
        return status, [f"{line[:8].strip()} {line[9:27].strip()}" for line in lines if not line.startswith(" ")]

    return run


def test_here(doctor: Doctor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "empty"))
    status, found = doctor("workers = 1")
    assert status == 0
    assert list((tmp_path / "empty").iterdir()) == []
    assert {"ok Python", "ok Java", "ok Spark", "ok task slots", "ok executors"} <= set(found)
    assert not {"ok HDFS", "ok queue", "ok memory overhead"} & set(found)


def test_on_yarn(doctor: Doctor) -> None:
    status, found = doctor('master = "yarn"')
    assert status == 0
    assert {"ok Hadoop client", "ok HDFS", "ok queue", "ok room", "ok memory overhead", "note ports"} <= set(found)
    assert {"warning authentication", "warning encryption", "warning environment"} <= set(found)


def test_arguments_for_spark_submit_are_looked_at(doctor: Doctor) -> None:
    status, found = doctor('master = "yarn"', "--", "--executor-cores", "2", "--conf", "spark.authenticate=true")
    assert status == 2
    assert {"failed task slots", "ok authentication"} <= set(found)
    status, found = doctor('master = "yarn"', "--", "--deploy-mode", "client")
    assert status == 2
    assert "failed launch" in found


def test_without_a_configuration_the_cluster_is_not_asked(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HADOOP_CONF_DIR")
    monkeypatch.setattr(command, "ask", None)
    status, found = doctor('master = "yarn"')
    assert status == 2
    assert found[-2:] == ["failed HADOOP_CONF_DIR", "warning environment"]


def test_without_java_yarn_is_not_asked_and_the_rest_is_looked_at(
    doctor: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JAVA_HOME", "/nowhere")
    monkeypatch.setattr(command, "ask", None)
    status, found = doctor('master = "yarn"')
    assert status == 2
    assert {"failed Java", "ok HDFS", "ok task slots"} <= set(found)


def test_a_yarn_that_does_not_answer_ends_nothing_else(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: str) -> Capacity:
        raise YarnError("Connection refused")

    monkeypatch.setattr(command, "ask", refuse)
    status, found = doctor('master = "yarn"')
    assert status == 2
    assert {"failed YARN", "ok task slots", "note ports"} <= set(found)


def test_gpus_bring_their_checks(doctor: Doctor) -> None:
    status, found = doctor('master = "yarn"\ngpus = 1')
    assert status == 2
    assert {"failed GPUs", "ok discovery script", "ok executor"} <= set(found)

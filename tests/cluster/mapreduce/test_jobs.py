"""What Hadoop Streaming is told of a job, and where its jar is."""

from pathlib import Path

import pytest

from cluster.errors import LaunchError
from cluster.mapreduce.containers import Containers
from cluster.mapreduce.jobs import StreamingJob, arguments, properties, streaming_jar
from run.profile import Profile

JOB = StreamingJob(
    name="reviews: counts",
    tasks="hdfs:///tasks",
    output="hdfs:///out",
    mapper=("-m", "tasks", "map"),
    combiner=("-m", "tasks", "add"),
    reducer=("-m", "tasks", "add"),
    reducers=2,
    key_fields=2,
    files=("hdfs:///plan#plan.json",),
)
STAGING = "hdfs:///staging"


@pytest.fixture(autouse=True)
def hadoop(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A configuration, and no other Hadoop."""
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "core-site.xml").write_text("<configuration/>", encoding="utf-8")
    monkeypatch.setenv("HADOOP_CONF_DIR", str(tmp_path / "conf"))
    monkeypatch.delenv("HADOOP_HOME", raising=False)
    monkeypatch.delenv("HADOOP_STREAMING_JAR", raising=False)


def value(words: list[str], option: str) -> str:
    return words[words.index(option) + 1]


def test_tasks_run_the_nodes_python_or_that_of_the_packed_environment() -> None:
    on_nodes = Containers.of(Profile(master="yarn", python="/opt/python"))
    assert value(arguments(JOB, on_nodes), "-mapper") == "/opt/python -m tasks map"
    packed = Containers.of(Profile(master="yarn", environment="hdfs:///environment.tar.gz"))
    assert value(arguments(JOB, packed), "-reducer") == "./environment/bin/python -m tasks add"
    archives = properties(Profile(), JOB, packed, STAGING)["mapreduce.job.cache.archives"].split(",")
    assert archives[1:] == ["hdfs:///environment.tar.gz#environment"]
    assert archives[0].startswith(f"{STAGING}/")
    assert archives[0].endswith("-hadoop-conf.zip#hadoop-conf")


def test_a_job_has_our_packages_and_its_own_files() -> None:
    containers = Containers.of(Profile(master="yarn"))
    packages, plan = properties(Profile(), JOB, containers, STAGING)["mapreduce.job.cache.files"].split(",")
    assert packages.endswith("-textcnn.zip#textcnn.zip")
    assert plan == "hdfs:///plan#plan.json"
    assert "PYTHONPATH=textcnn.zip" in arguments(JOB, containers)
    assert {artifact.name for artifact in containers} >= {packages.split("/")[-1].partition("#")[0]}


def test_lines_are_sorted_by_all_keys_and_dealt_out_by_the_first() -> None:
    told = properties(Profile(), JOB, Containers.of(Profile()), STAGING)
    assert told["stream.num.map.output.key.fields"] == "2"
    assert told["mapreduce.partition.keypartitioner.options"] == "-k1,1"


def test_a_profile_says_where_a_job_runs_and_has_the_last_word() -> None:
    profile = Profile(queue="night", tags=("a", "b"), mapreduce={"mapreduce.map.memory.mb": "4096"})
    told = properties(profile, JOB, Containers.of(profile), STAGING)
    assert (told["mapreduce.job.queuename"], told["mapreduce.job.tags"]) == ("night", "a,b")
    assert (told["mapreduce.map.memory.mb"], told["mapreduce.reduce.memory.mb"]) == ("4096", "2048")


def test_a_job_without_a_combiner_has_none() -> None:
    words = arguments(StreamingJob(**{**vars(JOB), "combiner": ()}), Containers.of(Profile()))
    assert "-combiner" not in words


def test_without_a_configuration_there_is_no_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HADOOP_CONF_DIR")
    monkeypatch.delenv("YARN_CONF_DIR", raising=False)
    with pytest.raises(LaunchError, match="HADOOP_CONF_DIR is not set"):
        Containers.of(Profile())


def test_the_jar_is_the_one_that_is_named_or_that_of_this_machines_hadoop(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert streaming_jar() is None
    jar = tmp_path / "share" / "hadoop" / "tools" / "lib" / "hadoop-streaming-3.4.1.jar"
    jar.parent.mkdir(parents=True)
    jar.touch()
    monkeypatch.setenv("HADOOP_HOME", str(tmp_path))
    assert streaming_jar() == jar
    monkeypatch.setenv("HADOOP_STREAMING_JAR", str(tmp_path / "none.jar"))
    with pytest.raises(LaunchError, match=r"names no file.*none\.jar"):
        streaming_jar()

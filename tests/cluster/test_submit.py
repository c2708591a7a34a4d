"""The exact commands."""

import shlex
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from cluster import class_archive, local, spark_submit
from cluster.errors import LaunchError
from cluster.yarn.artifacts import Artifacts, FileArtifact, ZipArtifact
from cluster.yarn.command import command as yarn
from run.errors import SettingsError
from run.profile import Profile

HERE = Path(spark_submit.__file__).parent
STAGING = "hdfs:///user/me/.textcnn"


@pytest.fixture(autouse=True)
def _spark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARK_HOME", "/spark")
    monkeypatch.setenv("HADOOP_CONF_DIR", "/conf")


@pytest.fixture
def needed(tmp_path: Path) -> Artifacts:
    (tmp_path / "a.jar").write_bytes(b"a")
    (tmp_path / "py.zip").write_bytes(b"b")
    (tmp_path / "environment.tar.gz").write_bytes(b"c")
    return Artifacts(
        jars=ZipArtifact("spark-jars", {"a.jar": tmp_path / "a.jar"}),
        pyspark=(FileArtifact(tmp_path / "py.zip"),),
        packages=ZipArtifact("textcnn", {"a.jar": tmp_path / "a.jar"}),
        environment=FileArtifact(tmp_path / "environment.tar.gz"),
    )


def run(passed_on: tuple[str, ...] = (), out: str = "out") -> spark_submit.Launch:
    return spark_submit.Launch(
        name="reviews",
        script=Path("/code/train.py"),
        run_file=Path("/runs/my run.toml"),
        changes=("train.epochs=1",),
        out=out,
        passed_on=passed_on,
    )


def conf(command: spark_submit.SparkSubmit) -> list[str]:
    """The properties of a command as given on its command line."""
    argv = command.argv()
    return [after for before, after in pairwise(argv) if before == "--conf"]


def test_local(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(class_archive, "ARCHIVE", tmp_path / "none.jsa")
    profile = Profile(spark={"spark.ui.enabled": "true"})
    command = local.command(profile, run(("--conf", "spark.driver.memory=2g")), Path("/my runs/logs"))
    logging = f"-Dlog4j2.configurationFile=file://{HERE}/log4j2-file.properties"
    assert command.argv() == [
        "/spark/bin/spark-submit",
        *("--conf", "spark.driver.bindAddress=127.0.0.1"),
        *(
            "--conf",
            'spark.driver.extraJavaOptions="-XX:TieredStopAtLevel=1" '
            f'"{logging}" "-Dtextcnn.driver.log=/my runs/logs/driver.log"',
        ),
        *("--conf", "spark.driver.host=127.0.0.1"),
        *("--conf", "spark.driver.memory=1024m"),
        *("--conf", "spark.dynamicAllocation.enabled=false"),
        *("--conf", "spark.executor.cores=1"),
        *("--conf", 'spark.executor.extraJavaOptions="-XX:TieredStopAtLevel=1" "-Djava.io.tmpdir=."'),
        *("--conf", "spark.executor.memory=1024m"),
        *("--conf", "spark.master=local-cluster[2,1,1024]"),
        *("--conf", "spark.scheduler.minRegisteredResourcesRatio=1.0"),
        *("--conf", "spark.sql.shuffle.partitions=4"),
        *("--conf", "spark.task.cpus=1"),
        *("--conf", "spark.ui.enabled=true"),
        *("--conf", "spark.driver.memory=2g"),
        "/code/train.py",
        *("--config", "/runs/my run.toml", "--set", "train.epochs=1", "--out", "out"),
    ]


def test_jvms_of_a_local_run_map_the_classes_that_are_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    archive = tmp_path / "my classes.jsa"
    archive.touch()
    monkeypatch.setattr(class_archive, "ARCHIVE", archive)
    properties = local.command(Profile(), run(), Path("logs")).properties
    for of in ("driver", "executor"):
        options = shlex.split(properties[f"spark.{of}.extraJavaOptions"])
        assert {f"-XX:SharedArchiveFile={archive}", class_archive.QUIET} <= set(options)


def test_yarn_in_cluster_mode(needed: Artifacts) -> None:
    profile = Profile(
        master="yarn",
        workers=3,
        cores=2,
        gpus=1,
        queue="nlp",
        node_label="gpu",
        tags=("a", "b"),
        principal="me@X",
        keytab="/me.keytab",
    )
    command = yarn(profile, run(("--queue", "other"), "hdfs:///out"), needed, STAGING)
    assert command.argv() == [
        "/spark/bin/spark-submit",
        *("--conf", "spark.app.name=reviews"),
        *("--conf", "spark.driver.memory=1024m"),
        *("--conf", "spark.driver.memoryOverhead=1024m"),
        *("--conf", "spark.dynamicAllocation.enabled=false"),
        *("--conf", "spark.executor.cores=2"),
        *("--conf", "spark.executor.instances=3"),
        *("--conf", "spark.executor.memory=1024m"),
        *("--conf", "spark.executor.memoryOverhead=3072m"),
        *("--conf", "spark.executor.resource.gpu.amount=1"),
        *("--conf", "spark.executor.resource.gpu.discoveryScript=./discover_gpus.sh"),
        *("--conf", "spark.executorEnv.HADOOP_CONF_DIR=__spark_conf__/__hadoop_conf__"),
        *("--conf", "spark.executorEnv.TF_CPP_MIN_LOG_LEVEL=2"),
        *("--conf", "spark.kerberos.keytab=/me.keytab"),
        *("--conf", "spark.kerberos.principal=me@X"),
        *("--conf", "spark.master=yarn"),
        *("--conf", "spark.pyspark.python=./environment/bin/python"),
        *("--conf", "spark.scheduler.maxRegisteredResourcesWaitingTime=120s"),
        *("--conf", "spark.scheduler.minRegisteredResourcesRatio=1.0"),
        *("--conf", "spark.submit.deployMode=cluster"),
        *("--conf", "spark.task.cpus=2"),
        *("--conf", "spark.task.resource.gpu.amount=1"),
        *("--conf", "spark.yarn.appMasterEnv.HADOOP_CONF_DIR=__spark_conf__/__hadoop_conf__"),
        *("--conf", f"spark.yarn.archive=hdfs:///user/me/.textcnn/{needed.jars.name}"),
        *("--conf", f"spark.yarn.dist.archives=hdfs:///user/me/.textcnn/{[*needed][-1].name}#environment"),
        *("--conf", f"spark.yarn.dist.files=file:///runs/my%20run.toml#run.toml,file://{HERE}/discover_gpus.sh"),
        *("--conf", f"spark.yarn.dist.pyFiles=hdfs:///user/me/.textcnn/{needed.packages.name}"),
        *("--conf", "spark.yarn.executor.nodeLabelExpression=gpu"),
        *("--conf", "spark.yarn.maxAppAttempts=1"),
        *("--conf", "spark.yarn.queue=nlp"),
        *("--conf", "spark.yarn.submit.waitAppCompletion=true"),
        *("--conf", "spark.yarn.tags=a,b"),
        *("--queue", "other"),
        "/code/train.py",
        *("--config", "run.toml", "--set", "train.epochs=1", "--out", "hdfs:///out"),
    ]
    assert command.environment == {
        "PYSPARK_ARCHIVES_PATH": f"{STAGING}/{needed.pyspark[0].name}",
        "SPARK_SUBMIT_OPTS": f"-Dlog4j2.configurationFile=file://{HERE}/log4j2-client.properties",
    }


def test_in_client_mode_the_driver_uses_the_python_and_the_run_file_of_the_gateway(needed: Artifacts) -> None:
    command = yarn(Profile(master="yarn", deploy_mode="client"), run(), needed, STAGING)
    assert f"spark.pyspark.driver.python={sys.executable}" in conf(command)
    assert "spark.pyspark.python=./environment/bin/python" in conf(command)
    assert not [line for line in conf(command) if line.startswith(("spark.yarn.dist.files", "spark.yarn.appMasterEnv"))]
    assert command.argv()[-6:-4] == ["--config", "/runs/my run.toml"]


def test_without_an_environment_the_nodes_use_their_own_python(needed: Artifacts) -> None:
    bare = Artifacts(jars=needed.jars, pyspark=needed.pyspark, packages=needed.packages, environment=None)
    command = yarn(Profile(master="yarn", python="/opt/python"), run(), bare, STAGING)
    assert "spark.pyspark.python=/opt/python" in conf(command)
    assert not [line for line in conf(command) if line.startswith("spark.yarn.dist.archives")]


def test_an_environment_that_is_on_hdfs_stays_where_it_is(needed: Artifacts) -> None:
    there = Artifacts(
        jars=needed.jars, pyspark=needed.pyspark, packages=needed.packages, environment="hdfs:///e.tar.gz"
    )
    command = yarn(Profile(master="yarn"), run(), there, STAGING)
    assert "spark.yarn.dist.archives=hdfs:///e.tar.gz#environment" in conf(command)


def test_the_profile_wins_over_our_properties(needed: Artifacts) -> None:
    profile = Profile(master="yarn", spark={"spark.yarn.maxAppAttempts": "2"})
    assert "spark.yarn.maxAppAttempts=2" in conf(yarn(profile, run(), needed, STAGING))


def test_yarn_has_to_be_known(needed: Artifacts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HADOOP_CONF_DIR")
    with pytest.raises(LaunchError, match="HADOOP_CONF_DIR is not set"):
        yarn(Profile(master="yarn"), run(), needed, STAGING)


@pytest.mark.parametrize(
    ("passed_on", "said"),
    [
        (("--master", "yarn"), r"master comes from the profile.*spark\.master=yarn"),
        (("--deploy-mode=client",), r"deploy_mode comes from the profile.*spark\.submit\.deployMode=client"),
        (("--conf", "spark.master=local[2]"), r"spark\.master=local\[2\]"),
        (("-c", "spark.submit.deployMode=cluster"), r"spark\.submit\.deployMode=cluster"),
    ],
)
def test_where_to_run_comes_from_the_profile_alone(passed_on: tuple[str, ...], said: str, needed: Artifacts) -> None:
    with pytest.raises(SettingsError, match=said):
        local.command(Profile(), run(passed_on), Path("logs"))
    with pytest.raises(SettingsError, match=said):
        yarn(Profile(master="yarn"), run(passed_on), needed, STAGING)


def test_spark_sees_defaults_below_ours_and_the_users_above(
    needed: Artifacts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPARK_CONF_DIR", str(tmp_path))
    defaults = "spark.authenticate true\nspark.executor.cores 9\nspark.executor.memory 9g\n"
    (tmp_path / "spark-defaults.conf").write_text(defaults, encoding="utf-8")
    command = yarn(Profile(master="yarn"), run(("--executor-memory", "3g")), needed, STAGING)
    effective = command.effective()
    assert effective["spark.authenticate"] == "true"
    assert effective["spark.executor.cores"] == "1"
    assert effective["spark.executor.memory"] == "3g"
    assert command.properties.items() - effective.items() == {("spark.executor.memory", "1024m")}

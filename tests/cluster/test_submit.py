"""The launch is a value: exactly this command, before anything runs."""

import shlex
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from cluster.profile import Profile
from cluster.submit import SparkSubmit, local

PROFILE = Profile(
    workers=3, cores=2, executor_memory_mb=700, driver_memory_mb=600, spark={"spark.eventLog.enabled": "true"}
)


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> SparkSubmit:
    monkeypatch.setenv("SPARK_HOME", "/opt/spark")
    return local(
        PROFILE, Path("train.py"), ["--out", "a b"], ["--conf", "spark.driver.memory=9g"], Path("/runs/a b/logs")
    )


def test_executors_on_this_machine_have_one_task_slot_each(command: SparkSubmit) -> None:
    properties = dict(pair.split("=", 1) for flag, pair in pairwise(command.argv()) if flag == "--conf")
    assert properties["spark.master"] == "local-cluster[3,2,700]"
    assert properties["spark.executor.cores"] == properties["spark.task.cpus"] == "2"
    assert properties["spark.executor.memory"] == "700m"


def test_the_script_comes_last_with_its_arguments(command: SparkSubmit) -> None:
    assert command.argv()[0] == "/opt/spark/bin/spark-submit"
    assert command.argv()[-3:] == ["train.py", "--out", "a b"]


def test_what_the_user_passes_on_wins(command: SparkSubmit) -> None:
    argv = command.argv()
    assert argv.index("spark.driver.memory=9g") > argv.index("spark.driver.memory=600m")
    assert "spark.eventLog.enabled=true" in argv


def test_it_can_be_pasted_into_a_shell(command: SparkSubmit) -> None:
    variables = [f"{key}={value}" for key, value in sorted(command.environment.items())]
    assert shlex.split(str(command)) == [*variables, *command.argv()]
    assert f"PYSPARK_PYTHON={sys.executable}" in variables

"""The whole way on real daemons: one command, an application in YARN, a model on HDFS or none."""

import json
import re
import signal
import subprocess
import sys
import tomllib
import urllib.request
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

import storage
from cluster import pack
from cluster.spark_submit import spark_home
from cluster.yarn import artifacts
from cluster.yarn.uris import on_hdfs
from local_hadoop.daemons import wait_until
from local_hadoop.local import LocalHadoop
from local_hadoop.settings import SUPERUSER
from local_hadoop.web import make_folder
from run.profile import Profile
from tests.integration.conftest import command_line

pytestmark = pytest.mark.yarn

REVIEWS = Path("build/reviews.jsonl")
README = Path("README.md")
LIMIT_SECONDS = 900
ENVIRONMENTS = Path("build/environment")
"""Kept from one session of tests to the next: packing takes half a minute."""

PROFILE = """
master = "yarn"
workers = 2
start_timeout_s = 300
{python}
{more}
[spark]
{spark}
"""
ON_ONE_NODE = "memory_overhead_mb = 2048"
ON_TWO_NODES = "memory_overhead_mb = 4096"  # of 8 GiB each: no node has room for two

SPARK_DEFAULTS = """
spark.scheduler.maxRegisteredResourcesWaitingTime 300s
spark.yarn.appMasterEnv.SPARK_LOCAL_IP 127.0.0.1
spark.executorEnv.SPARK_LOCAL_IP 127.0.0.1
spark.driver.defaultJavaOptions -XX:TieredStopAtLevel=1
spark.executor.defaultJavaOptions -XX:TieredStopAtLevel=1
"""
"""Hadoop on one machine listens there alone; two cores that unpack environments for two nodes need time, and have none
for the second compiler of each JVM."""

RUN = """
name = "reviews"
[data]
input = "in/reviews.jsonl"
format = "jsonl"
[text]
views = ["word", "char"]
[model]
embedding_size = 16
filters = 8
[train]
epochs = 1
batch_size = 256
"""


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    status: int
    terminal: str

    @property
    def application(self) -> str:
        """What spark-submit and `textcnn train` both tell."""
        found = re.search(r"(?i)submitted (?:application )?(application_\d+_\d+)", self.terminal)
        assert found, self.terminal
        return found[1]


Command = Callable[..., list[str]]


@pytest.fixture
def folder(hadoop: LocalHadoop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """The user's home on HDFS, with reviews in it."""
    (tmp_path / "spark").mkdir()
    (tmp_path / "spark" / "spark-defaults.conf").write_text(SPARK_DEFAULTS, encoding="utf-8")
    monkeypatch.setenv("SPARK_CONF_DIR", str(tmp_path / "spark"))
    monkeypatch.setenv("HADOOP_CONF_DIR", str(hadoop.conf_dir))
    monkeypatch.setenv("SPARK_LOCAL_IP", "127.0.0.1")  # for drivers on this machine
    home = on_hdfs("in")
    assert REVIEWS.exists(), f"make {REVIEWS}"
    if storage.size(f"{home}/reviews.jsonl") is None:
        lines = REVIEWS.read_bytes().splitlines(keepends=True)
        storage.write(f"{home}/reviews.jsonl", b"".join(lines[::12]))
    return on_hdfs("")


@pytest.fixture(scope="session")
def environment() -> Path:
    """This environment as an archive."""
    return pack.pack(ENVIRONMENTS)[0]


@pytest.fixture
def staged(folder: str, environment: Path) -> str:
    """What the nodes need has been put on HDFS before; returns the packed environment's URI there."""
    needed = artifacts.of(Profile(master="yarn", environment=str(environment)), spark_home())
    assert len(list(artifacts.put(needed, f"{folder}/.textcnn"))) == 5
    assert isinstance(needed.environment, artifacts.FileArtifact)
    return f"{folder}/.textcnn/{needed.environment.name}"


@pytest.fixture
def command(staged: str, environment: Path, tmp_path: Path) -> Command:
    """The command that trains on YARN, with the packed environment."""
    assert staged
    return training(f'environment = "{environment.absolute()}"', tmp_path)


def training(python: str, folder: Path) -> Command:
    """Returns what makes commands that train on YARN with a Python; their files are in a folder."""

    def command(out: str, *arguments: str, more: str = ON_ONE_NODE, spark: str = "") -> list[str]:
        (folder / "run.toml").write_text(RUN, encoding="utf-8")
        profile = PROFILE.format(python=python, more=more, spark=spark)
        (folder / "profile.toml").write_text(profile, encoding="utf-8")
        textcnn = Path(sys.executable).with_name("textcnn")
        files = [str(folder / "run.toml"), "--profile", str(folder / "profile.toml")]
        return [str(textcnn), "train", *files, "--out", out, *arguments]

    return command


def ended(command: Sequence[str]) -> Ended:
    """Runs a command to its end; one that does not end is killed with all that it has started."""
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    ) as process:
        started = psutil.Process(process.pid)
        try:
            terminal, _ = process.communicate(timeout=LIMIT_SECONDS)
        except subprocess.TimeoutExpired:
            for running in (started, *started.children(recursive=True)):
                with suppress(psutil.NoSuchProcess):
                    running.kill()
            raise
    return Ended(process.returncode, terminal)


def application(hadoop: LocalHadoop, identity: str) -> dict[str, Any]:
    """What the ResourceManager says of an application."""
    url = f"{hadoop.resource_manager}/ws/v1/cluster/apps/{identity}"
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=20) as answer:
        content: dict[str, Any] = json.load(answer)["app"]
    return content


def models(out: str) -> list[str]:
    """The versions in a run's folder."""
    return storage.names(f"{out}/model") if storage.exists(f"{out}/model") else []


def test_from_hdfs_to_hdfs_on_two_nodes_with_the_packed_environment_and_a_driver_that_is_killed_on_the_way(
    hadoop: LocalHadoop, folder: str, command: Command
) -> None:
    epochs = 40  # of a third of a second: the driver is killed long before the last
    settings = (f"train.epochs={epochs}", f"train.patience={epochs}", "train.checkpoint_seconds=0.1")
    changes = [part for setting in settings for part in ("--set", setting)]
    train = command("out/first", *changes, more=ON_TWO_NODES, spark='"spark.yarn.maxAppAttempts" = "2"')
    killed: list[psutil.Process] = []
    with subprocess.Popen(train, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, encoding="utf-8") as process:
        assert process.stderr is not None
        said = ""
        for line in process.stderr:
            said += line
            if "epoch 1:" in line and not killed:
                killed.append(application_master(Ended(0, said).application))
                killed[0].kill()
        first = Ended(process.wait(LIMIT_SECONDS), said)
    assert first.status == 0, said
    assert application(hadoop, first.application)["finalStatus"] == "SUCCEEDED"
    assert {"spark-jars.zip", "pyspark.zip"} <= set(re.findall(r"reused [0-9a-f]{16}-(\S+),", said))
    assert sum(float(size) for size in re.findall(r"uploaded \S+, ([\d.]+) MB", said)) < 1
    assert re.search(r"epoch 1: \d+ documents in .* validation accuracy \d", said)
    assert "going on from the checkpoint of epoch" in said
    result = json.loads(storage.read(f"{folder}/out/first/result.json"))
    assert result["exit_status"] == 0
    assert result["resumed"] == result["run"]
    assert result["rows"]["trained"] == [result["rows"]["train"]] * epochs
    assert result["model"].endswith("/out/first/model/1")
    assert f"model: {result['model']}" in said
    assert models(f"{folder}/out/first") == ["1"]
    assert storage.size(f"{folder}/out/first/model/1/saved_model.pb")
    check_classification(folder, command)


def check_classification(folder: str, command: Command) -> None:
    """Has the model that was trained classify all that it was trained on."""
    textcnn, _, _, *where, _, _ = command("none")
    classified = ended(
        [textcnn, "predict", "out/first", *where, "--input", "in/reviews.jsonl", "--output", "out/classified"]
    )
    assert classified.status == 0, classified.terminal
    rows = len(storage.read(f"{folder}/in/reviews.jsonl").splitlines())
    assert f"{rows:,} rows predicted by {folder}/out/first/model/1, 0 quarantined" in classified.terminal
    assert f"predictions: {folder}/out/classified/predictions" in classified.terminal
    parts = storage.names(f"{folder}/out/classified/predictions/outcome=predicted")
    assert parts
    assert all(part.endswith(".parquet") for part in parts)


def test_a_training_error_fails_the_application_with_its_reason(
    hadoop: LocalHadoop, folder: str, command: Command
) -> None:
    failed = ended(command("out/failed", "--set", "train.learning_rate=1e30"))
    assert failed.status == 1, failed.terminal
    assert "TrainingError: The loss is" in failed.terminal
    assert "Traceback (most recent call last)" in failed.terminal
    assert "trainer/training.py" in failed.terminal
    assert f"textcnn logs {failed.application}" in failed.terminal
    state = application(hadoop, failed.application)
    assert state["finalStatus"] == "FAILED"
    assert "TrainingError: The loss is" in state["diagnostics"]
    assert models(f"{folder}/out/failed") == []


def test_a_comparison_is_an_application_of_each_network_and_one_of_all_baselines(folder: str, command: Command) -> None:
    textcnn, _, *files = command("out/compared")
    compared = ended([textcnn, "compare", *files, "--models", "mlp", "ml_naive_bayes", "ml_decision_tree"])
    assert compared.status == 0, compared.terminal
    assert len(re.findall("submitted application_", compared.terminal)) == 2
    assert re.search(r"test accuracy: ml_naive_bayes [\d.]+ %, ml_decision_tree [\d.]+ %", compared.terminal)
    rows = json.loads(storage.read(f"{folder}/out/compared/comparison.json"))
    assert {row["model"] for row in rows} == {"mlp", "ml_naive_bayes", "ml_decision_tree"}
    assert len({row["quality"]["rows"] for row in rows}) == 1


def test_a_tuning_whose_folder_is_on_hdfs_goes_on_from_there_and_its_trials_have_curves(
    folder: str, command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    textcnn, _, *files = command("out/tuned")
    tune = [textcnn, "tune", *files, "--trials", "1", "--set", "tune.model.filters=[4, 8]"]
    monkeypatch.chdir(tmp_path)
    tuned = ended(tune)
    assert tuned.status == 0, tuned.terminal
    assert len(re.findall("submitted application_", tuned.terminal)) == 2  # one prepares the documents
    assert storage.names(f"{folder}/out/tuned") == ["corpus", "preparing", "trial-000", "trials.jsonl"]
    result = json.loads(storage.read(f"{folder}/out/tuned/trial-000/result.json"))
    assert result["prepared"] == f"{folder}/out/tuned/corpus"
    best = tomllib.loads((tmp_path / "runs/tuned/best.toml").read_text(encoding="utf-8"))
    assert best["model"]["filters"] in {4, 8}
    again = ended(tune)
    assert again.status == 0, again.terminal
    assert "submitted application_" not in again.terminal
    assert f"its model is in {folder}/out/tuned/trial-000" in again.terminal
    board = ended([textcnn, "board", f"{folder}/out/tuned/trial-000", "--write", str(tmp_path / "board")])
    assert board.status == 0, board.terminal
    assert list((tmp_path / "board/trial-000").glob("*/events.out.tfevents.*"))


def test_the_driver_on_the_gateway_with_sparks_authentication_and_encryption(
    hadoop: LocalHadoop, folder: str, command: Command
) -> None:
    protected = '"spark.authenticate" = "true"\n"spark.network.crypto.enabled" = "true"'
    done = ended(command("out/client", more=f'{ON_ONE_NODE}\ndeploy_mode = "client"', spark=protected))
    assert done.status == 0, done.terminal
    assert application(hadoop, done.application)["finalStatus"] == "SUCCEEDED"
    assert models(f"{folder}/out/client") == ["1"]


def test_two_workers_on_a_node_have_a_gpu_each_and_fail_where_tensorflow_does_not_see_it(
    hadoop: LocalHadoop, folder: str, command: Command, tmp_path: Path
) -> None:
    nvidia_smi = tmp_path / "bin" / "nvidia-smi"
    nvidia_smi.parent.mkdir()
    nvidia_smi.write_text("#!/bin/sh\nprintf 'GPU-a\\nGPU-b\\n'\n", encoding="utf-8")
    nvidia_smi.chmod(0o755)
    path = f'"spark.executorEnv.PATH" = "{nvidia_smi.parent}:/usr/local/bin:/usr/bin:/bin"'
    failed = ended(command("out/gpus", more=f'{ON_ONE_NODE}\ngpus = 1\ndeploy_mode = "client"', spark=path))
    assert failed.status == 1, failed.terminal
    assert re.search(r"DeviceError: This worker was promised GPU-[ab], and TensorFlow \S+ sees no GPU", failed.terminal)
    state = application(hadoop, failed.application)
    assert state["finalStatus"] == "FAILED"
    seconds = {entry["key"]: int(entry["value"]) for entry in state["resourceSecondsMap"]["entry"]}
    assert seconds["yarn.io/gpu"] > 0
    (metrics,) = storage.names(f"{folder}/out/gpus/metrics")
    events = [json.loads(line) for line in storage.read(f"{folder}/out/gpus/metrics/{metrics}").splitlines()]
    promised = [event["gpus"] for event in events if event["kind"] == "Joined"]
    assert sorted(promised) == [["GPU-a"], ["GPU-b"]]
    assert models(f"{folder}/out/gpus") == []
    log = log_of(failed.application)
    # The first that fails ends the run, maybe before the other has had its say.
    assert any(f"promised {gpu}; TensorFlow sees no GPU" in log for (gpu,) in promised)


def log_of(identity: str) -> str:
    """What `textcnn logs` prints; an application's logs are collected some seconds after its end."""
    textcnn = Path(sys.executable).with_name("textcnn")
    answers: list[Ended] = []

    def collected() -> bool:
        answers.append(ended([str(textcnn), "logs", identity]))
        return answers[-1].status == 0

    wait_until(collected, timeout_s=60)
    return answers[-1].terminal


def test_ctrl_c_kills_the_application_pressed_twice_or_not_and_where_sigint_is_ignored(
    hadoop: LocalHadoop, folder: str, command: Command
) -> None:
    train = command("out/killed", "--set", "train.epochs=1000", "--set", "train.patience=1000")
    with subprocess.Popen(
        ["bash", "-c", "trap '' INT; exec \"$@\"", "bash", *train],  # as in the background of a CI step
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        assert process.stderr is not None
        said = ""
        for line in process.stderr:
            said += line
            if "epoch 1:" in line or "killing" in line:
                process.send_signal(signal.SIGINT)
        status = process.wait(LIMIT_SECONDS)
    assert status == 1, said
    assert re.search(r"application_\d+_\d+ KILLED", said), said
    assert application(hadoop, Ended(status, said).application)["state"] == "KILLED"
    assert models(f"{folder}/out/killed") == []


def application_master(identity: str) -> psutil.Process:
    """The process of an application's master, and driver, on one of the nodes."""
    for process in psutil.process_iter():
        words = command_line(process)
        if (
            "org.apache.spark.deploy.yarn.ApplicationMaster" in words
            and any(identity in part for part in words)
            and process.name() == "java"
        ):
            return process
    raise AssertionError(f"No application master of {identity} runs here.")


def test_two_runs_at_once_one_of_them_readmes_plain_spark_submit_publish_a_version_each(
    hadoop: LocalHadoop, folder: str, command: Command, staged: str
) -> None:
    for path in ("/data", "/models"):
        make_folder(hadoop.name_node, path, owner=SUPERUSER, permission="777")
    storage.write("hdfs:///data/reviews.jsonl", storage.read(f"{folder}/in/reviews.jsonl"))
    ours = command("hdfs:///models/reviews", "--set", "data.input=hdfs:///data/reviews.jsonl")
    with ThreadPoolExecutor(2) as pool:
        runs = list(pool.map(ended, (plain_spark_submit(staged), ours)))
    for run in runs:
        assert run.status == 0, run.terminal
        assert application(hadoop, run.application)["finalStatus"] == "SUCCEEDED"
    assert runs[0].application != runs[1].application
    assert sorted(models("hdfs:///models/reviews")) == ["1", "2"]
    for version in models("hdfs:///models/reviews"):
        assert storage.size(f"hdfs:///models/reviews/model/{version}/saved_model.pb")


def plain_spark_submit(environment: str) -> list[str]:
    """README's commands as they are, but that the environment has been packed, and lies on HDFS."""
    (shell,) = re.findall(
        r"```sh\n([^`]*spark-submit --master yarn.*?)```", README.read_text(encoding="utf-8"), re.DOTALL
    )
    assert "$(textcnn pack --output build)" in shell
    return ["bash", "-euc", shell.replace("textcnn pack --output build", f"echo {environment}")]


def test_an_output_that_cannot_be_written_is_found_before_anything_is_started(command: Command) -> None:
    refused = ended(command("/not-mine/out"))
    assert refused.status == 2
    assert "hdfs:///not-mine/out cannot be written: Permission denied" in refused.terminal
    assert "submitted" not in refused.terminal

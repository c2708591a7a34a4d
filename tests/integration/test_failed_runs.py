"""A run that fails says why, leaves nothing running, and publishes nothing."""

import json
import os
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from spark_driver.liveness import START_SECONDS
from tests.integration.conftest import Command, Running, command_line
from tests.integration.test_main_job import result_of, small

pytestmark = pytest.mark.integration

IN_THE_BACKGROUND = "trap '' INT;"
"""As a shell without job control starts it: SIGINT is ignored."""
EXECUTOR = "org.apache.spark.executor.CoarseGrainedExecutorBackend"


def test_a_trainers_error_ends_the_run_with_its_traceback(
    command: Command, reviews: list[dict[str, Any]], tmp_path: Path
) -> None:
    (tmp_path / "reviews.jsonl").write_text("".join(json.dumps(row) + "\n" for row in reviews[::5]), encoding="utf-8")
    changes = small(f"data.input={tmp_path}/reviews.jsonl", "train.learning_rate=1e30")
    outcome = command(["textcnn", "train", "examples/reviews.toml", *changes, "--out", tmp_path / "out"])
    assert outcome.status == 1
    for part in ("The loss is nan", "Lower train.learning_rate", "Traceback (most recent call last)", "training.py"):
        assert part in outcome.terminal
    assert result_of(tmp_path / "out")["status"] == "failed"
    assert "The loss is nan" in result_of(tmp_path / "out")["error"]
    assert not (tmp_path / "out" / "model").exists()


def executor_of(run: Running) -> psutil.Process:
    """One of the executors of a run."""
    return next(process for process in run.processes() if EXECUTOR in command_line(process))


@pytest.mark.parametrize(
    ("number", "stage", "shell", "send"),
    [
        (signal.SIGINT, "epoch 1:", IN_THE_BACKGROUND, os.kill),
        (signal.SIGTERM, "starting 2 TensorFlow workers", IN_THE_BACKGROUND, os.kill),
        (signal.SIGHUP, "reading and preparing", IN_THE_BACKGROUND, os.kill),
        (signal.SIGINT, "epoch 1:", "", os.killpg),  # Ctrl-C: all that the terminal knows of get it
    ],
)
def test_a_signal_ends_a_run(
    number: signal.Signals,
    stage: str,
    shell: str,
    send: Callable[[int, int], None],
    command: Command,
    reviews: list[dict[str, Any]],
    tmp_path: Path,
) -> None:
    (tmp_path / "reviews.jsonl").write_text("".join(json.dumps(row) + "\n" for row in reviews[::5]), encoding="utf-8")

    def see(line: str, run: Running) -> None:
        if stage in line:
            send(run.launcher.pid, number)

    changes = small(f"data.input={tmp_path}/reviews.jsonl", "train.epochs=1000", "train.patience=1000")
    train = ["textcnn", "train", "examples/reviews.toml", *changes, "--out", tmp_path / "out"]
    outcome = command(["bash", "-c", f'{shell} exec "$@"', "bash", *train], see)
    assert outcome.status == 1, outcome.terminal
    assert f"The run was ended by {number.name}." in outcome.terminal
    assert "Traceback" not in outcome.terminal
    assert result_of(tmp_path / "out")["error"] == f"The run was ended by {number.name}."
    assert not (tmp_path / "out" / "model").exists()


def test_an_executor_that_dies_is_named_with_the_reason(
    command: Command, reviews: list[dict[str, Any]], tmp_path: Path
) -> None:
    (tmp_path / "reviews.jsonl").write_text("".join(json.dumps(row) + "\n" for row in reviews[::5]), encoding="utf-8")

    def see(line: str, run: Running) -> None:
        if "feeding and training" in line:
            executor_of(run).kill()

    changes = small(f"data.input={tmp_path}/reviews.jsonl", "train.max_restarts=0")
    outcome = command(["textcnn", "train", "examples/reviews.toml", *changes, "--out", tmp_path / "out"], see)
    assert outcome.status == 1
    assert re.search(r"Lost executor \d+ \([\w.]+:\d+\): \S", outcome.terminal), outcome.terminal
    assert not (tmp_path / "out" / "model").exists()


def test_a_tensorflow_that_does_not_load_ends_the_run_with_its_traceback(
    command: Command, reviews: list[dict[str, Any]], tmp_path: Path
) -> None:
    (tmp_path / "reviews.jsonl").write_text("".join(json.dumps(row) + "\n" for row in reviews[::5]), encoding="utf-8")
    broken = tmp_path / "broken" / "tensorflow" / "__init__.py"
    broken.parent.mkdir(parents=True)
    broken.write_text('import ctypes\nctypes.CDLL("libcudart.so.0")\n', encoding="utf-8")
    changes = small(f"data.input={tmp_path}/reviews.jsonl", "train.max_restarts=0")
    arguments = [*changes, "--out", str(tmp_path / "out")]
    environment = ["--", "--conf", f"spark.executorEnv.PYTHONPATH={tmp_path}/broken"]
    outcome = command(["textcnn", "train", "examples/reviews.toml", *arguments, *environment])
    assert outcome.status == 1
    assert re.search(r"worker \d failed: OSError: libcudart\.so\.0: cannot open shared object file", outcome.terminal)
    assert f"{broken}" in outcome.terminal
    assert result_of(tmp_path / "out")["seconds"]["total"] < START_SECONDS


def test_a_worker_that_does_not_come_is_named_with_its_executor(
    command: Command, reviews: list[dict[str, Any]], tmp_path: Path
) -> None:
    (tmp_path / "reviews.jsonl").write_text("".join(json.dumps(row) + "\n" for row in reviews[::5]), encoding="utf-8")

    stopped: list[psutil.Process] = []

    def see(line: str, run: Running) -> None:
        if "starting 2 TensorFlow workers" in line:
            stopped.append(executor_of(run))
            stopped[0].suspend()
        elif "have come together" in line:
            stopped[0].resume()  # so that it can end

    settings = small(f"data.input={tmp_path}/reviews.jsonl", "train.max_restarts=0")
    changes = [*settings, "--out", str(tmp_path / "out")]
    bound = ["--", "--conf", "spark.barrier.sync.timeout=5"]
    outcome = command(["textcnn", "train", "examples/reviews.toml", *changes, *bound], see)
    assert outcome.status == 1
    missing = r"1 of 2 TensorFlow workers have come together. Missing: worker \d on executor \d \([\w.]+:\d+\)"
    assert re.search(missing, outcome.terminal), outcome.terminal
    assert not (tmp_path / "out" / "model").exists()

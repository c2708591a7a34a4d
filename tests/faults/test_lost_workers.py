"""A run that loses a worker goes on from its last checkpoint, and trains every document as often as if it had not."""

import json
import re
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from typing import Any

import psutil
import pytest

from tests.faults.conftest import Fault, executor_of, metrics, trainer_of
from tests.integration.conftest import Command, Outcome, Running
from tests.integration.test_main_job import result_of, small

pytestmark = pytest.mark.faults

EPOCHS = 6
Inject = Callable[[Path, Running], None]


class Runs:
    """Runs whose every step can be a checkpoint, with a fault when the first epoch is done."""

    def __init__(self, command: Command, folder: Path, reviews: list[dict[str, Any]], fault: Fault):
        self._command = command
        self._fault = fault
        self.out = folder / "out"
        (folder / "reviews.jsonl").write_text("".join(json.dumps(row) + "\n" for row in reviews))
        self._data = f"data.input={folder}/reviews.jsonl"

    def __call__(self, inject: Inject, *changes: str) -> Outcome:
        def see(line: str, run: Running) -> None:
            if line.startswith("epoch 1:") and self._fault.injected is None:
                self._fault.injected = time.time()
                inject(self.out, run)

        settings = small(self._data, f"train.epochs={EPOCHS}", f"train.patience={EPOCHS}", "train.batch_size=32")
        more = [part for change in ("train.checkpoint_seconds=0.1", *changes) for part in ("--set", change)]
        outcome = self._command(["textcnn", "train", "examples/reviews.toml", *settings, *more, "--out", self.out], see)
        self._fault.events = metrics(self.out)
        self._fault.ended = f"status {outcome.status}, {result_of(self.out)['restarts']} restarts"
        return outcome


@pytest.fixture
def run(command: Command, tmp_path: Path, reviews: list[dict[str, Any]], fault: Fault) -> Runs:
    return Runs(command, tmp_path, reviews, fault)


@pytest.mark.parametrize(
    ("inject", "said"),
    [
        pytest.param(
            lambda out, _: trainer_of(out, 0).kill(),
            r"worker 0 failed: its process has ended",
            id="SIGKILL of the chief",
        ),
        pytest.param(
            lambda out, _: trainer_of(out, 1).kill(),  # as the kernel does where memory runs out
            r"worker 1 failed: its process has ended without a word, as after SIGKILL; it had [\d,]{3,} MiB of memory "
            r"when it was last seen\. Where memory runs out, .*raise spark\.executor\.memoryOverhead",
            id="SIGKILL of a worker",
        ),
        pytest.param(lambda _, run: executor_of(run).kill(), "Lost executor", id="SIGKILL of an executor"),
        pytest.param(
            lambda out, _: trainer_of(out, 1).suspend(),
            "worker 1 failed: its process has said nothing for 15 s",
            id="SIGSTOP of a worker",
        ),
    ],
)
def test_a_lost_worker_costs_the_steps_since_the_last_checkpoint(run: Runs, inject: Inject, said: str) -> None:
    outcome = run(inject)
    assert outcome.status == 0, outcome.terminal
    assert re.search(said, outcome.terminal), outcome.terminal
    assert "starting all workers again, 1 of 2 times at most" in outcome.terminal
    assert "going on from the checkpoint of epoch" in outcome.terminal
    result = result_of(run.out)
    assert result["restarts"] == 1
    assert result["rows"]["trained"] == [result["rows"]["train"]] * EPOCHS
    assert Path(result["model"]).name == "1"
    assert not list((run.out / "checkpoints").iterdir())


def test_a_straggler_is_waited_for(run: Runs) -> None:
    stops: list[psutil.Process] = []

    def slow_down(worker: psutil.Process) -> None:
        """Has a worker run a fifth of the time for a while, or until it has done its work."""
        never = Event()
        with suppress(psutil.NoSuchProcess):
            for _ in range(5):
                worker.suspend()
                stops.append(worker)
                never.wait(4)
                worker.resume()
                never.wait(1)

    outcome = run(lambda out, _: Thread(target=slow_down, args=[trainer_of(out, 1)], daemon=True).start())
    assert outcome.status == 0, outcome.terminal
    assert stops
    assert "failed" not in outcome.terminal
    result = result_of(run.out)
    assert result["restarts"] == 0
    assert result["rows"]["trained"] == [result["rows"]["train"]] * EPOCHS

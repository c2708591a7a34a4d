"""A run that loses a worker goes on from its last checkpoint, and trains every document as often as if it had not."""

import re
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread

import psutil
import pytest

from spark_driver.liveness import SILENCE_SECONDS, STACK_SECONDS
from tests.faults.conftest import DETECTION_SECONDS, EPOCHS, Fault, Inject, Runs, executor_of, trainer_of
from tests.integration.test_main_job import result_of

pytestmark = pytest.mark.faults


@pytest.mark.parametrize(
    ("inject", "within", "said"),
    [
        pytest.param(
            lambda out, _: trainer_of(out, 0).kill(),
            DETECTION_SECONDS,
            r"worker 0 failed: its process has ended",
            id="SIGKILL of the chief",
        ),
        pytest.param(
            lambda out, _: trainer_of(out, 1).kill(),  # as the kernel does where memory runs out
            DETECTION_SECONDS,
            r"worker 1 failed: its process has ended without a word, as after SIGKILL; it had [\d,]{3,} MiB of memory "
            r"when it was last seen\. Where memory runs out, .*raise spark\.executor\.memoryOverhead",
            id="SIGKILL of a worker",
        ),
        pytest.param(
            lambda _, run: executor_of(run).kill(), DETECTION_SECONDS, "Lost executor", id="SIGKILL of an executor"
        ),
        pytest.param(
            lambda out, _: trainer_of(out, 1).suspend(),
            SILENCE_SECONDS + STACK_SECONDS + DETECTION_SECONDS,
            "worker 1 failed: its process has said nothing for 15 s",
            id="SIGSTOP of a worker",
        ),
    ],
)
def test_a_lost_worker_costs_the_steps_since_the_last_checkpoint(
    run: Runs, fault: Fault, inject: Inject, within: float, said: str
) -> None:
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
    assert fault.detection is not None
    assert fault.detection < within


def test_a_straggler_is_waited_for_and_named(run: Runs) -> None:
    stops: list[psutil.Process] = []

    def slow_down(worker: psutil.Process) -> None:
        """Has a worker run a fifth of the time for a while, or until it has done its work."""
        never = Event()
        with suppress(psutil.NoSuchProcess):
            for _ in range(400):
                worker.suspend()
                stops.append(worker)
                never.wait(0.08)
                worker.resume()
                never.wait(0.02)

    outcome = run(lambda out, _: Thread(target=slow_down, args=[trainer_of(out, 1)], daemon=True).start())
    assert outcome.status == 0, outcome.terminal
    assert stops
    assert "failed" not in outcome.terminal
    assert re.search(r"worker 1 on 127\.0\.0\.1 takes [\d.]+ times as long as the others", outcome.terminal)
    assert "The others waited for worker 1 on 127.0.0.1" in (run.out / "report.html").read_text(encoding="utf-8")
    result = result_of(run.out)
    assert result["restarts"] == 0
    assert result["rows"]["trained"] == [result["rows"]["train"]] * EPOCHS

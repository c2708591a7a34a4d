"""A process that is stopped, or that waits for what never comes, is found out and says where it was."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from run.events import Acknowledged, Alive, Started
from spark_driver import liveness
from spark_driver.liveness import WorkerProcess

WAITS = """
import threading
from trainer.liveness import heartbeat

def for_what_never_comes():
    print("waits", flush=True)
    threading.Event().wait()

with heartbeat(0, lambda _: None):
    for_what_never_comes()
"""


class Clock:
    """A time that passes when it is told to."""

    now = 1_000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(liveness, "time", clock)
    return clock


def test_a_process_that_loads_tensorflow_may_be_silent_for_longer(clock: Clock) -> None:
    process = WorkerProcess(600)
    clock.now += liveness.START_SECONDS
    assert process.problem() is None
    clock.now += 1
    assert "has said nothing for 120 s" in (process.problem() or "")


def test_a_heartbeat_that_stops_is_missed(clock: Clock) -> None:
    process = WorkerProcess(600)
    process.heard(Alive(0, 1))
    clock.now += liveness.SILENCE_SECONDS
    assert process.problem() is None
    clock.now += 1
    assert "has said nothing for 15 s" in (process.problem() or "")


@pytest.mark.parametrize("beats", [[1] * 70, [1, 2, *[2] * 70]])
def test_a_heartbeat_without_progress_is_no_sign_of_life(clock: Clock, beats: list[int]) -> None:
    process = WorkerProcess(60)
    problems = heard(process, clock, beats)
    assert problems.index("its process has made no progress for 61 s") == beats.index(beats[-1]) + 61


@pytest.mark.parametrize("beats", [range(1, 200), [1, *[None] * 200]])
def test_progress_and_waiting_for_others_may_last(clock: Clock, beats: list[int | None]) -> None:
    assert set(heard(WorkerProcess(60), clock, beats)) == {None}


def test_a_process_without_work_does_not_stall(clock: Clock) -> None:
    process = WorkerProcess(60)
    heard(process, clock, [1] * 50)
    process.given_work()
    assert set(heard(process, clock, [1] * 50)) == {None}


def heard(process: WorkerProcess, clock: Clock, beats: list[int] | list[int | None]) -> list[str | None]:
    """What is wrong after each heartbeat, one a second."""
    problems = []
    for beat in beats:
        process.heard(Alive(0, beat))
        problems.append(process.problem())
        clock.now += 1
    return problems


@pytest.fixture
def worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator["subprocess.Popen[str]"]:
    """A worker's process that hangs, in this working directory."""
    path = {**os.environ, "PYTHONPATH": os.pathsep.join(["", *filter(None, sys.path), str(Path().absolute())])}
    monkeypatch.chdir(tmp_path)
    with subprocess.Popen([sys.executable, "-c", WAITS], env=path, stdout=subprocess.PIPE, encoding="utf-8") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waits\n"
        yield process
        process.kill()


@pytest.mark.parametrize("stopped", [False, True])
def test_a_process_that_hangs_says_where_and_is_ended(worker: "subprocess.Popen[str]", stopped: bool) -> None:
    process = WorkerProcess(60)
    process.heard(Started(0, worker.pid))
    if stopped:
        worker.send_signal(signal.SIGSTOP)
    assert not process.ended()
    assert "in for_what_never_comes" in process.stacks()
    assert worker.wait(10) == -signal.SIGKILL
    assert process.ended(within=10)


def test_a_process_that_was_killed_is_said_to_have_had_its_memory(worker: "subprocess.Popen[str]") -> None:
    process = WorkerProcess(60)
    assert "without a word, as after SIGKILL. Where memory runs out" in process.death()
    process.heard(Started(0, worker.pid))
    held = psutil.Process(worker.pid).memory_info().rss // 2**20
    worker.kill()
    assert process.ended(within=10)
    process.heard(Alive(0, 1))  # it crossed with its end
    found = re.search(r"as after SIGKILL; it had (\d+) MiB of memory when it was last seen", process.death())
    assert found
    assert int(found[1]) == pytest.approx(held, abs=1)


def test_a_process_that_has_ended_has_no_stacks(worker: "subprocess.Popen[str]") -> None:
    process = WorkerProcess(60)
    assert process.stacks() == ""
    process.heard(Started(0, worker.pid))
    process.heard(Acknowledged(0))
    worker.kill()
    assert process.ended(within=10)
    assert process.stacks() == ""

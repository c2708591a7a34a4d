"""An hour of short runs into one folder, each with a fault at a random moment: each ends as it must, nothing grows.

SOAK_MINUTES says how long, SOAK_SEED which faults and when.
"""

import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from threading import Timer
from typing import Any

import psutil
import pytest

from tests.faults.conftest import EPOCHS, Fault, Inject, Runs, executor_of, trainer_of
from tests.integration.conftest import Command, Running, command, command_line, reviews
from tests.integration.test_main_job import result_of

__all__ = ["command", "reviews"]

pytestmark = pytest.mark.soak

MINUTES = float(os.environ.get("SOAK_MINUTES", "60"))
LATEST_SECONDS = 8.0
"""How long after the first epoch a fault may come: while it trains, tests, exports or publishes."""
GROWTH = 1.2
"""How much more of anything a run of the last third may take than those of the first."""


def driver_of(run: Running) -> psutil.Process:
    """The driver's Python."""
    return next(
        process
        for process in run.processes()
        if any(part.endswith("spark_driver/train.py") for part in command_line(process)) and "python" in process.name()
    )


FAULTS: dict[str, tuple[Inject, frozenset[int]]] = {
    "none": (lambda *_: None, frozenset({0})),
    "SIGKILL of the chief": (lambda out, _: trainer_of(out, 0).kill(), frozenset({0})),
    "SIGKILL of a worker": (lambda out, _: trainer_of(out, 1).kill(), frozenset({0})),
    "SIGKILL of an executor": (lambda _, run: executor_of(run).kill(), frozenset({0})),
    "SIGSTOP of a worker": (lambda out, _: trainer_of(out, 1).suspend(), frozenset({0})),
    "SIGTERM of the driver": (lambda _, run: run.launcher.send_signal(signal.SIGTERM), frozenset({0, 1})),
    "SIGKILL of the driver": (lambda _, run: driver_of(run).kill(), frozenset({0, 1, 128 + signal.SIGKILL})),
}
"""What is done, and with which status a run may end: one that is told to end may have ended before."""


@dataclass(frozen=True)
class Usage:
    """The most that a driver has taken."""

    memory_mib: int = 0
    handles: int = 0
    threads: int = 0
    ports: int = 0

    def or_more(self, driver: psutil.Process) -> "Usage":
        """Looks at it again."""
        ports = sum(connection.status == psutil.CONN_LISTEN for connection in driver.net_connections())
        now = (driver.memory_info().rss >> 20, driver.num_fds(), driver.num_threads(), ports)
        return Usage(*map(max, now, (self.memory_mib, self.handles, self.threads, self.ports)))


class Soak:
    """Runs into one folder."""

    def __init__(self, command: Command, folder: Path, reviews: list[dict[str, Any]]):
        self._command = command
        self._folder = folder
        self._reviews = reviews
        self.resume = False
        self.usages: list[Usage] = []

    def run(self, name: str, delay: float) -> str:
        """Makes a run with a fault, which must end as it may; returns how it did."""
        inject, statuses = FAULTS[name]
        usage, timers = Usage(), list[Timer]()

        def look(_: str, running: Running) -> None:
            nonlocal usage
            with suppress(StopIteration, psutil.NoSuchProcess):
                usage = usage.or_more(driver_of(running))

        def soon(out: Path, running: Running) -> None:
            def strike() -> None:
                with suppress(StopIteration, psutil.NoSuchProcess):  # it has ended before
                    inject(out, running)

            timers.append(Timer(delay, strike))
            timers[-1].start()

        runs = Runs(self._command, self._folder, self._reviews, Fault(name), look)
        options = ("--resume",) if self.resume else ()
        outcome = runs(soon, options=options)
        for timer in timers:
            timer.cancel()
            timer.join()
        assert outcome.status in statuses, outcome.terminal
        if outcome.status == 0:
            result = result_of(runs.out)
            assert result["rows"]["trained"] == [result["rows"]["train"]] * EPOCHS
            assert (Path(result["model"]) / "saved_model.pb").exists()
            assert not list((runs.out / "checkpoints").glob("*/*.npz"))
        self.resume = outcome.status != 0
        self.usages.append(usage)
        return f"status {outcome.status}{', resumed' if options else ''}, {usage}"


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of all temporary files of the runs."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setenv("JDK_JAVA_OPTIONS", f"-Djava.io.tmpdir={folder}")
    return folder


def test_runs_with_faults(command: Command, reviews: list[dict[str, Any]], tmp_path: Path, temporary: Path) -> None:
    seed = int(os.environ.get("SOAK_SEED") or time.time_ns() % 2**32)
    print(f"\nSOAK_SEED={seed} SOAK_MINUTES={MINUTES:g}")
    random, soak = Random(seed), Soak(command, tmp_path, reviews[::2])
    end = time.monotonic() + 60 * MINUTES
    while time.monotonic() < end or soak.resume:
        name = "none" if time.monotonic() >= end else random.choice(list(FAULTS))
        delay = random.uniform(0.0, LATEST_SECONDS)
        print(f"{len(soak.usages) + 1}: {name}, {delay:.1f} s after the first epoch: ", end="", flush=True)
        print(soak.run(name, delay), flush=True)
        assert list(temporary.iterdir()) == []
    third = len(soak.usages) // 3
    for figure in ("memory_mib", "handles", "threads", "ports"):
        used = [getattr(usage, figure) for usage in soak.usages]
        # The most, not the middle: a run that has restarted its workers has more threads than one that has not.
        assert max(used[-third:]) <= GROWTH * max(used[:third] or used), (figure, used)

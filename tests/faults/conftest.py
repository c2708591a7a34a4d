"""Faults are injected into real runs while they train; what came of each is printed as a table at the end."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest
from rich.console import Console
from rich.table import Table

from tests.integration.conftest import Running, command, reviews

__all__ = ["command", "reviews"]

EXECUTOR = "org.apache.spark.executor.CoarseGrainedExecutorBackend"


@dataclass
class Fault:
    """A fault, and when it was injected, found, and overcome, in seconds since 1970."""

    name: str
    injected: float | None = None
    events: list[dict[str, Any]] = field(default_factory=list)
    """The lines of the run's metrics."""
    ended: str = ""

    @property
    def detection(self) -> float | None:
        """Seconds until the driver knew that the workers could not go on."""
        return self._after("Restarted") or self._after("Failed")

    @property
    def recovery(self) -> float | None:
        """Seconds until training went on."""
        restarted = self._first(lambda line: line["kind"] == "Restarted")
        return None if restarted is None else self._after("Progress", restarted["time"])

    def _after(self, kind: str, since: float = 0.0) -> float | None:
        line = self._first(lambda line: line["kind"] == kind and line["time"] > max(since, self.injected or 0.0))
        return None if line is None or self.injected is None else line["time"] - self.injected

    def _first(self, such: Callable[[dict[str, Any]], bool]) -> dict[str, Any] | None:
        return next((line for line in self.events if such(line)), None)


FAULTS = pytest.StashKey[list[Fault]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[FAULTS] = []


@pytest.fixture
def fault(request: pytest.FixtureRequest) -> Fault:
    """The fault of a test, for the table."""
    fault = Fault(request.node.callspec.id if hasattr(request.node, "callspec") else request.node.name)
    request.config.stash[FAULTS].append(fault)
    return fault


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Prints the table."""
    faults = terminalreporter.config.stash[FAULTS]
    if not faults:
        return
    table = Table("fault", "found after", "training again after", "end", title="Faults, seconds from the fault")
    for fault in faults:
        times = ("–" if seconds is None else f"{seconds:.1f}" for seconds in (fault.detection, fault.recovery))
        table.add_row(fault.name, *times, fault.ended)
    Console(width=140).print(table)


def metrics(folder: Path) -> list[dict[str, Any]]:
    """Returns the lines of a run's metrics so far."""
    files = sorted((folder / "metrics").glob("*.jsonl"))
    return [json.loads(line) for line in files[-1].read_text(encoding="utf-8").splitlines()] if files else []


def trainer_of(folder: Path, worker: int) -> psutil.Process:
    """Returns the process of a worker, as it was started last."""
    started = [e for e in metrics(folder) if e["kind"] == "Started" and e["worker"] == worker]
    return psutil.Process(started[-1]["pid"])


def executor_of(run: Running) -> psutil.Process:
    """Returns one of the executors of a run."""
    return next(process for process in run.processes() if EXECUTOR in process.cmdline())

"""Faults are injected into real runs while they train; what came of each is printed as a table at the end."""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest
from rich.console import Console
from rich.table import Table

from tests.integration.conftest import Command, Outcome, Running, See, command, command_line, reviews
from tests.integration.test_main_job import result_of, small
from tests.yarn import test_train_on_yarn as yarn
from tests.yarn.test_train_on_yarn import folder

__all__ = ["command", "folder", "reviews"]

LIMIT_SECONDS = 900
"""How long a run with a fault may take: it starts its workers twice, and the machine may be busy."""
DETECTION_SECONDS = 15.0
"""How long the driver may take to know of a death."""
EPOCHS = 6
EXECUTOR = "org.apache.spark.executor.CoarseGrainedExecutorBackend"


@pytest.fixture
def train_on_yarn(folder: str, tmp_path: Path) -> yarn.Command:
    """The command that trains on YARN, with a Python that is on every node: none has to unpack one."""
    assert folder
    return yarn.training(f'python = "{sys.executable}"', tmp_path)


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
        """Seconds until the driver knew of it: that the workers could not go on, or what they had to wait for."""
        return self._after("Failed", "Restarted", "Warned")

    @property
    def recovery(self) -> float | None:
        """Seconds until training went on."""
        restarted = self._first(lambda line: line["kind"] == "Restarted")
        return None if restarted is None else self._after("Progress", since=restarted["time"])

    def _after(self, *kinds: str, since: float = 0.0) -> float | None:
        line = self._first(lambda line: line["kind"] in kinds and line["time"] > max(since, self.injected or 0.0))
        return None if line is None or self.injected is None else line["time"] - self.injected

    def _first(self, such: Callable[[dict[str, Any]], bool]) -> dict[str, Any] | None:
        return next((line for line in self.events if such(line)), None)


FAULTS = pytest.StashKey[list[Fault]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[FAULTS] = []


@pytest.fixture
def named(request: pytest.FixtureRequest) -> Callable[[str], Fault]:
    """Makes faults for the table."""

    def make(name: str) -> Fault:
        faults = request.config.stash[FAULTS]
        faults.append(Fault(name))
        return faults[-1]

    return make


@pytest.fixture
def fault(request: pytest.FixtureRequest, named: Callable[[str], Fault]) -> Fault:
    """The fault of a test, for the table."""
    node = request.node
    return named(node.callspec.id if hasattr(node, "callspec") else node.name.removeprefix("test_").replace("_", " "))


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
    return next(process for process in run.processes() if EXECUTOR in command_line(process))


Inject = Callable[[Path, Running], None]


class Runs:
    """Runs whose every step can be a checkpoint, with a fault when the first epoch is done."""

    def __init__(
        self,
        command: Command,
        folder: Path,
        reviews: list[dict[str, Any]],
        fault: Fault,
        watch: See = lambda *_: None,
    ):
        self._command = command
        self._fault = fault
        self._watch = watch
        self.out = folder / "out"
        self.documents = folder / "reviews.jsonl"
        self.documents.write_text("".join(json.dumps(row) + "\n" for row in reviews), encoding="utf-8")

    def __call__(self, inject: Inject, *changes: str, options: tuple[str, ...] = ()) -> Outcome:
        """Runs to the end; the table has what came of the run that the fault was injected into, or of a later one."""

        def see(line: str, run: Running) -> None:
            self._watch(line, run)
            if line.startswith("epoch 1:") and self._fault.injected is None:
                self._fault.injected = time.time()
                inject(self.out, run)

        settings = small(
            f"data.input={self.documents}", f"train.epochs={EPOCHS}", f"train.patience={EPOCHS}", "train.batch_size=32"
        )
        more = [part for change in ("train.checkpoint_seconds=0.1", *changes) for part in ("--set", change)]
        train = ["textcnn", "train", "examples/reviews.toml", *settings, *more, "--out", self.out, *options]
        outcome = self._command(train, see, LIMIT_SECONDS)
        self._fault.events += metrics(self.out)
        self._fault.ended = f"status {outcome.status}{self._restarts()}"
        return outcome

    def _restarts(self) -> str:
        """What the run says of its restarts; a killed driver says nothing."""
        if not (self.out / "result.json").exists():
            return ", no result"
        result = result_of(self.out)
        return f", {result['restarts']} restarts{', resumed' if result['resumed'] else ''}"


@pytest.fixture
def run(command: Command, tmp_path: Path, reviews: list[dict[str, Any]], fault: Fault) -> Runs:
    """Makes runs with a fault in them."""
    return Runs(command, tmp_path, reviews, fault)

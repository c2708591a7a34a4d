"""Real runs: the installed commands, executors in processes of their own, real reviews."""

import json
import os
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, Protocol

import psutil
import pytest

LIMIT_SECONDS = 300
REVIEWS = Path("build/reviews.jsonl")
MARK = "TEXTCNN_TEST"


@dataclass(frozen=True)
class Outcome:
    """How a command ended."""

    status: int
    stdout: str
    stderr: str

    @property
    def terminal(self) -> str:
        """All that a person sees; spark-submit puts the driver's stderr on its stdout."""
        return self.stdout + self.stderr


@dataclass(frozen=True)
class Running:
    """A command that has not ended."""

    launcher: "subprocess.Popen[str]"
    mark: str
    """What all that it starts has in its environment, in whatever session it is."""

    def processes(self) -> list[psutil.Process]:
        """Returns what of it runs."""
        return [process for process in psutil.process_iter() if _environment(process).get(MARK) == self.mark]

    def kill(self) -> None:
        """Ends all of it."""
        for process in self.processes():
            with suppress(psutil.NoSuchProcess):
                process.kill()


See = Callable[[str, Running], None]


class Command(Protocol):
    """Runs a program to its end."""

    def __call__(self, arguments: Sequence[object], see: See = ..., limit: float = ...) -> Outcome:
        """`see` is told each line of stdout; all is killed after `limit` seconds."""


def _ignore(line: str, running: Running) -> None: ...


@pytest.fixture(scope="session")
def command() -> Command:
    """Runs a program of this environment to its end; nothing that it started may be left behind."""

    def run(arguments: Sequence[object], see: See = _ignore, limit: float = LIMIT_SECONDS) -> Outcome:
        mark = uuid.uuid4().hex
        environment = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYSPARK_PYTHON": sys.executable,
            "SPARK_LOCAL_IP": "127.0.0.1",
            MARK: mark,
        }
        with (
            TemporaryFile("w+", encoding="utf-8") as stderr,
            subprocess.Popen(
                list(map(str, arguments)),
                stdout=subprocess.PIPE,
                stderr=stderr,
                encoding="utf-8",
                env=environment,
                start_new_session=True,  # as a shell gives a command in its foreground a group of its own
            ) as process,
            _bounded(Running(process, mark), limit) as running,
        ):
            assert process.stdout is not None
            stdout = ""
            for line in process.stdout:
                stdout += line
                see(line, running)
            status = process.wait()
            stderr.seek(0)
            said = stderr.read()
            _, alive = psutil.wait_procs(running.processes(), timeout=20)
            assert not alive, f"left behind by {arguments}: {alive}"
        return Outcome(status, stdout, said)

    return run


@contextmanager
def _bounded(running: Running, seconds: float) -> Iterator[Running]:
    """Kills a command that does not end, or whose test fails, with all that it started."""
    timer = threading.Timer(seconds, running.kill)
    timer.start()
    try:
        yield running
    finally:
        timer.cancel()
        running.kill()


def _environment(process: psutil.Process) -> dict[str, str]:
    try:
        return process.environ()
    except psutil.Error:  # it has ended, or is not ours
        return {}


def command_line(process: psutil.Process) -> list[str]:
    """Returns a process's command line; empty if it has ended meanwhile."""
    try:
        return process.cmdline()
    except psutil.Error:
        return []


@pytest.fixture(scope="session")
def reviews() -> list[dict[str, Any]]:
    """Two thousand real reviews, half of them positive."""
    assert REVIEWS.exists(), f"make {REVIEWS}"
    lines = REVIEWS.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in [*lines[:15000:15], *lines[-15000::15]]]

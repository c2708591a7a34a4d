"""Real runs: the installed commands, executors in processes of their own, real reviews."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, Protocol

import psutil
import pytest

LIMIT_SECONDS = 300
REVIEWS = Path("build/reviews.jsonl")


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


class Command(Protocol):
    """Runs a program to its end."""

    def __call__(self, arguments: Sequence[object], see: Callable[[str, int], None] = ...) -> Outcome:
        """`see` is told each line of stdout and the number of the session that all its processes are in."""


def _ignore(line: str, session: int) -> None: ...


@pytest.fixture(scope="session")
def command() -> Command:
    """Runs a program of this environment to its end; nothing that it started may be left behind."""

    def run(arguments: Sequence[object], see: Callable[[str, int], None] = _ignore) -> Outcome:
        program, *rest = map(str, arguments)
        path = Path(sys.executable).with_name(program)
        environment = {**os.environ, "PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}
        with (
            TemporaryFile("w+") as stderr,
            subprocess.Popen(
                [path, *rest],
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                env=environment,
                start_new_session=True,
            ) as process,
            _bounded(process),
        ):
            assert process.stdout is not None
            stdout = ""
            for line in process.stdout:
                stdout += line
                see(line, process.pid)
            status = process.wait()
            stderr.seek(0)
            said = stderr.read()
        _, alive = psutil.wait_procs(processes_of(process.pid), timeout=20)
        assert not alive, f"left behind by {program}: {[p.cmdline() for p in alive]}"
        return Outcome(status, stdout, said)

    return run


@contextmanager
def _bounded(process: "subprocess.Popen[str]") -> Iterator[None]:
    """Kills a command, with all that it started, that does not end."""

    def kill() -> None:
        for started in processes_of(process.pid):
            started.kill()

    limit = threading.Timer(LIMIT_SECONDS, kill)
    limit.start()
    try:
        yield
    finally:
        limit.cancel()


def processes_of(session: int) -> list[psutil.Process]:
    """The live processes of a session."""
    return [p for p in psutil.process_iter() if _session_of(p.pid) == session and p.status() != psutil.STATUS_ZOMBIE]


def _session_of(pid: int) -> int:
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return -1


@pytest.fixture(scope="session")
def reviews() -> list[dict[str, Any]]:
    """Two thousand real reviews, half of them positive."""
    if not REVIEWS.exists():
        pytest.skip(f"{REVIEWS} is missing: make build/reviews.jsonl")
    lines = REVIEWS.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in [*lines[:15000:15], *lines[-15000::15]]]

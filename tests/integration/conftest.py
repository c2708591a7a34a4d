"""Real runs: the installed commands, executors in processes of their own, real reviews."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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


Command = Callable[[Sequence[object]], Outcome]


@pytest.fixture(scope="session")
def command() -> Command:
    """Runs a program of this environment to its end; nothing that it started may be left behind."""

    def run(arguments: Sequence[object]) -> Outcome:
        program, *rest = map(str, arguments)
        path = Path(sys.executable).with_name(program)
        environment = {**os.environ, "PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}
        with subprocess.Popen(
            [path, *rest],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
            start_new_session=True,
        ) as process:
            stdout, stderr = process.communicate(timeout=LIMIT_SECONDS)
        _, alive = psutil.wait_procs(_left_behind(process.pid), timeout=20)
        assert not alive, f"left behind by {program}: {[p.cmdline() for p in alive]}"
        return Outcome(process.returncode, stdout, stderr)

    return run


def _left_behind(session: int) -> list[psutil.Process]:
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

"""Asks a process of the environment that has TensorFlow, which Flink's has not, what a model says of texts."""

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cluster.flink import OURS
from engines.errors import EngineError


@dataclass(frozen=True)
class Scores:
    """What a version of a model says of texts, in their order."""

    labels: list[str]
    scores: list[float]
    """The labels' probabilities."""
    model: str
    """The URI of the version."""


class Scorer:
    """A process of `server.scoring`, which ends when this one does: its standard input then ends."""

    def __init__(self, python: str, model: str, log: Path):
        """Starts it.

        Args:
            python: of the environment that has TensorFlow.
            model: a version, or a folder of versions, whose newest one is taken always.
            log: file that what it says is added to.
        """
        self._log = log
        with log.open("ab") as said:
            self._begun = said.tell()
            self._process = subprocess.Popen(
                [python, "-m", "server.scoring", model],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                env={**os.environ, "PYTHONPATH": str(OURS), "TF_CPP_MIN_LOG_LEVEL": "2"},
            )

    def score(self, texts: Sequence[str]) -> Scores:
        """Asks it.

        Raises:
            EngineError: it has ended; with what it said last.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(texts).encode() + b"\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        except BrokenPipeError:
            answer = b""
        if not answer.endswith(b"\n"):
            raise EngineError(
                f"The process that asks the model has ended with status {self._process.wait()}: {self._said()}"
            )
        return Scores(**json.loads(answer))

    def close(self) -> None:
        """Ends it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.kill()  # it has nothing that could be lost
        self._process.wait()
        self._process.stdout.close()
        try:
            self._process.stdin.close()
        except BrokenPipeError:  # of a question that it did not read
            return

    def _said(self) -> str:
        """The last line of what it has said; before that TensorFlow and the traceback had their say."""
        with self._log.open("rb") as said:
            said.seek(self._begun)
            lines = said.read().decode(errors="replace").split("\n")
        return next((line for line in reversed(lines) if line.strip()), f"nothing; see {self._log}")

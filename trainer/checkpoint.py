"""Checkpoints: all that a training is at a moment, written to the run's folder while it goes on.

A checkpoint is a file, numpy's npz with a checksum of every array, written beside and renamed, so that it is there as a
whole or not at all; the newest two are kept. Every worker has the same weights, so the chief writes for all.
"""

import json
import re
import signal
import time
import zipfile
import zlib
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any

import numpy as np

import storage
from run.events import Checkpointed, Report, Warned
from storage import StorageError
from trainer.liveness import CHECKPOINT_SIGNAL

KEPT = 2
"""The newest, and the one before it in case it cannot be read."""
AGAIN_SECONDS = 10.0
"""How soon another one is due where one could not be written, as in an outage of HDFS."""
_NAME = re.compile(r"(\d{6,})-(\d{9,})\.npz")
_VALUES = "values"
_OF_DAMAGED_BYTES = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    RuntimeError,
    EOFError,
    OSError,
    MemoryError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What NumPy and zipfile say of bytes that are no checkpoint."""


@dataclass(frozen=True)
class Position:
    """How far a training is."""

    epoch: int = 1
    """From 1."""
    step: int = 0
    """Steps of this epoch that are done."""
    loss: float = 0.0
    """Summed over their documents, in nats."""
    documents: float = 0.0
    """Documents of these steps."""
    seconds: float = 0.0
    """Trained so far, in this process and those before it."""


@dataclass(frozen=True)
class Checkpoint:
    """What a training needs to go on as if it had never stopped."""

    position: Position
    arrays: Mapping[str, np.ndarray]
    """Weights and moments, and the best weights so far, by name."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """What else there is, as JSON has it."""


class DamagedError(Exception):
    """A file is no whole checkpoint."""


class Checkpoints:
    """The checkpoints of a run: one thread writes them, and the training goes on meanwhile."""

    def __init__(self, folder: str, seconds: float, worker: int, report: Report):
        """Takes the URI of their folder and how often one is due.

        Args:
            folder: made where it is missing.
            seconds: between two of them.
            worker: the chief writes, the others read.
            report: told of what is written, and of what cannot be written or read.
        """
        self._folder = folder
        self._seconds = seconds
        self._worker = worker
        self._report = report
        self._last = time.monotonic()
        self._asked = False
        self._failed = False
        self._thread = ThreadPoolExecutor(1, "checkpoint")
        self._writing: Future[None] | None = None

    def __enter__(self) -> "Checkpoints":
        self._before = signal.signal(CHECKPOINT_SIGNAL, self._ask)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        signal.signal(CHECKPOINT_SIGNAL, self._before)
        self._thread.shutdown()

    @property
    def due(self) -> bool:
        """Tells whether this worker is to write one now: its time has come, or the driver has asked for it."""
        written = self._writing is None or self._writing.done()
        seconds = min(self._seconds, AGAIN_SECONDS) if self._failed else self._seconds
        return self._worker == 0 and written and (self._asked or time.monotonic() - self._last >= seconds)

    def save(self, checkpoint: Checkpoint) -> None:
        """Writes a checkpoint, soon; the arrays must not change any more.

        One that cannot be written is told of and costs no more than itself: another one is tried after
        `AGAIN_SECONDS`, of what the training is by then.
        """
        self._last, self._asked = time.monotonic(), False
        self._writing = self._thread.submit(self._save, checkpoint)

    def newest(self) -> Checkpoint | None:
        """Returns the newest checkpoint that can be read, if there is one; what cannot be read is told of."""
        for name in reversed(storage.outlasting(lambda: names(self._folder), self._warn)):
            uri = storage.join(self._folder, name)
            try:
                return storage.outlasting(partial(_read, uri), self._warn)
            except DamagedError as error:
                said = f"The checkpoint {uri} is damaged ({error}): the one before it is taken."
                self._warn(said)
        return None

    def _save(self, checkpoint: Checkpoint) -> None:
        position = checkpoint.position
        try:
            _write(storage.join(self._folder, f"{position.epoch:06d}-{position.step:09d}.npz"), checkpoint)
            self._failed = False
            self._report(Checkpointed(self._worker, position.epoch, position.step))
            for name in names(self._folder)[:-KEPT]:
                storage.remove(storage.join(self._folder, name))
        except (StorageError, OSError) as error:
            if not self._failed:  # once in an outage, however many are tried
                self._warn(f"A checkpoint could not be written, and is tried again: {error}")
            self._failed = True

    def _warn(self, text: str) -> None:
        self._report(Warned(self._worker, text))

    def _ask(self, *_: object) -> None:
        self._asked = True


def names(folder: str) -> list[str]:
    """Returns the names of the checkpoints in a folder, the oldest first."""
    return [name for name in storage.names(folder) if _NAME.fullmatch(name)]


def place_of(name: str) -> tuple[int, int]:
    """Returns the epoch of a checkpoint, and how many of its steps are done, as its name has it."""
    epoch, _, step = name.removesuffix(".npz").partition("-")
    return int(epoch), int(step)


def _write(uri: str, checkpoint: Checkpoint) -> None:
    values = json.dumps({"position": asdict(checkpoint.position), **checkpoint.values})
    with TemporaryDirectory(prefix="checkpoint-", dir=".") as scratch:
        local = Path(scratch) / "checkpoint.npz"
        np.savez(local, **{_VALUES: np.array(values)}, **checkpoint.arrays)  # type: ignore[arg-type]
        storage.make_folder(storage.parent(uri))
        with local.open("rb") as content:
            storage.put(uri, content)


def _read(uri: str) -> Checkpoint:
    with TemporaryDirectory(prefix="checkpoint-", dir=".") as scratch:
        local = Path(scratch) / "checkpoint.npz"
        with local.open("wb") as file:
            file.writelines(storage.chunks(uri))
        try:
            return _loaded(local)
        except _OF_DAMAGED_BYTES as error:
            raise DamagedError(str(error)) from error


def _loaded(file: Path) -> Checkpoint:
    with np.load(file, allow_pickle=False) as content:
        arrays = {name: content[name] for name in content.files}
    values = json.loads(str(arrays.pop(_VALUES)))
    return Checkpoint(Position(**values.pop("position")), arrays, values)

"""The spool: a worker's share of the encoded documents on its local disk.

What it keeps in memory are the names of the blocks, some 200 bytes for each 512 documents: 0.4 MB per million.
"""

import mmap
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from math import inf
from pathlib import Path

import numpy as np

from run.config import View
from run.events import Acknowledged, Report, Spooled
from run.splits import SPLITS, Split
from storage.errors import explained
from text.blocks import Block, Ragged
from text.errors import BlockError
from trainer.liveness import progress


@dataclass(frozen=True)
class Documents:
    """The token ids of many documents in one view."""

    ids: np.ndarray
    """int32 [tokens]."""
    starts: np.ndarray
    """Where each document begins in `ids`, int64 [documents]."""
    lengths: np.ndarray
    """int32 [documents]."""

    def padded(self, rows: np.ndarray) -> np.ndarray:
        """Returns the ids of some documents, int32 [rows, longest of them], filled up with padding."""
        lengths = self.lengths[rows]
        columns = np.arange(max(int(lengths.max(initial=0)), 1))
        inside = columns < lengths[:, None]
        ids = np.zeros(inside.shape, np.int32)
        ids[inside] = self.ids[(self.starts[rows][:, None] + columns)[inside]]
        return ids


@dataclass(frozen=True)
class Share:
    """The documents of one split that a worker holds, in the order of their blocks' names; mapped from disk."""

    labels: np.ndarray
    """The class of each document, int32 [documents]."""
    views: Mapping[View, Documents]

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def lengths(self) -> np.ndarray:
        """Tokens of each document in the first view, int32 [documents]."""
        return next(iter(self.views.values())).lengths

    def padded(self, rows: np.ndarray) -> dict[View, np.ndarray]:
        """Returns the ids of some documents in each view, int32 [rows, longest of them], filled up with padding."""
        return {view: documents.padded(rows) for view, documents in self.views.items()}


class Spool:
    """Takes blocks in any order, each exactly once, and gives back the shares of the splits."""

    def __init__(self, folder: Path, views: Sequence[View]):
        """Starts an empty spool of documents in some views, in a folder that is made for it."""
        folder.mkdir(parents=True)
        self._folder = folder
        self._views = tuple(views)
        self._names: dict[Split, list[tuple[int, int]]] = {split: [] for split in SPLITS}
        self.documents: dict[Split, int] = dict.fromkeys(SPLITS, 0)

    def add(self, data: bytes) -> None:
        """Writes a block down.

        Raises:
            BlockError: the bytes are no block, or one of that name is here already.
            StorageError: the disk is full, or cannot be written for another reason.
        """
        block = Block.from_bytes(data)
        if tuple(block.views) != self._views:
            raise BlockError(f"a block of this run has the views {self._views}. Received: {tuple(block.views)}")
        name = (block.partition, block.sequence)
        path = self._path(name)
        if path.exists():
            raise BlockError(f"block {name} came twice; each is fed once")
        with self._written():
            path.write_bytes(data)
        self._names[block.split].append(name)
        self.documents[block.split] += len(block)

    @property
    def first(self) -> float:
        """A number that no other worker's spool has, and that is the same whichever worker gets these blocks."""
        names = [name for of_split in self._names.values() for name in of_split]
        return min((float(partition * 2**24 + sequence) for partition, sequence in names), default=inf)

    def share(self, split: Split) -> Share:
        """Turns the blocks of a split into one share, in an order that does not depend on their arrival.

        Raises:
            StorageError: the disk is full, or cannot be written for another reason.
        """
        with self._written(), ExitStack() as opened:
            labels = opened.enter_context(_Column(self._folder / f"{split}.labels", "<i4"))
            views = {view: opened.enter_context(_View(self._folder, f"{split}.{view}")) for view in self._views}
            for name in sorted(self._names[split]):
                block = Block.from_bytes(self._path(name).read_bytes())
                labels.append(block.labels)
                for view, documents in views.items():
                    documents.append(block.views[view])
                self._path(name).unlink()
        return Share(labels.mapped(), {view: documents.mapped() for view, documents in views.items()})

    def _written(self) -> AbstractContextManager[None]:
        """Says of an error of the disk which folder it is."""
        return explained("written", str(self._folder.absolute()))

    def _path(self, name: tuple[int, int]) -> Path:
        return self._folder / f"{name[0]:08d}-{name[1]:08d}.block"


def spooled(worker: int, spool: Spool, blocks: Iterable[bytes], report: Report) -> Spooled:
    """Writes all blocks of a worker down, and acknowledges each of them."""
    begun = None
    for block in blocks:
        progress.beat()
        begun = begun or time.monotonic()
        spool.add(block)
        report(Acknowledged(worker))
    return Spooled(worker, dict(spool.documents), time.monotonic() - begun if begun else 0.0)


class _Column:
    """An array on disk that grows."""

    def __init__(self, path: Path, kind: str):
        self._path = path
        self._kind = kind

    def __enter__(self) -> "_Column":
        self._file = self._path.open("wb")
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def append(self, values: np.ndarray) -> None:
        self._file.write(values.astype(self._kind, copy=False).tobytes())

    def mapped(self) -> np.ndarray:
        with self._path.open("rb") as file:
            if self._path.stat().st_size == 0:  # an empty file cannot be mapped
                return np.empty(0, self._kind)
            return np.frombuffer(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), self._kind)


class _View:
    """The documents of a share in one view, on disk."""

    def __init__(self, folder: Path, name: str):
        self._ids = _Column(folder / f"{name}.ids", "<i4")
        self._starts = _Column(folder / f"{name}.starts", "<i8")
        self._lengths = _Column(folder / f"{name}.lengths", "<i4")
        self._tokens = 0

    def __enter__(self) -> "_View":
        with ExitStack() as opened:
            for column in (self._ids, self._starts, self._lengths):
                opened.enter_context(column)
            self._opened = opened.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def append(self, documents: Ragged) -> None:
        self._starts.append(self._tokens + np.cumsum(documents.lengths, dtype=np.int64) - documents.lengths)
        self._lengths.append(documents.lengths)
        self._ids.append(documents.ids)
        self._tokens += len(documents.ids)

    def mapped(self) -> Documents:
        return Documents(self._ids.mapped(), self._starts.mapped(), self._lengths.mapped())

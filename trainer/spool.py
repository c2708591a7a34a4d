"""The spool: a worker's share of the encoded documents on its local disk.

What it keeps in memory is where the blocks lie, some 380 bytes for each 512 documents: 0.7 MB per million.
"""

import mmap
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import NamedTuple

import numpy as np

from run.config import View
from run.events import Acknowledged, Report, Spooled
from run.splits import SPLITS, Split
from storage.errors import explained
from text.blocks import Block
from text.errors import BlockError
from trainer.liveness import progress

_Name = tuple[int, int]
_OF_DOCUMENTS = ("starts", "<i8"), ("lengths", "<i4")


@dataclass(frozen=True)
class Documents:
    """The token ids of many documents in one view."""

    ids: np.ndarray
    """int32 [tokens]."""
    starts: np.ndarray
    """Where each document begins in `ids`, int64 [documents]; they need not lie in their order."""
    lengths: np.ndarray
    """int32 [documents]."""

    def in_a_row(self, rows: slice) -> np.ndarray:
        """Returns the ids of some documents, one after the other, int32 [tokens]."""
        lengths = self.lengths[rows].astype(np.int64)
        before = np.cumsum(lengths) - lengths
        return self.ids[np.repeat(self.starts[rows] - before, lengths) + np.arange(lengths.sum())]

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
        self._blocks: dict[Split, dict[_Name, _Place]] = {split: {} for split in SPLITS}
        self._columns = {split: _Columns(folder / split, self._views) for split in SPLITS}
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
        if any(name in of_split for of_split in self._blocks.values()):
            raise BlockError(f"block {name} came twice; each is fed once")
        with self._written():
            self._blocks[block.split][name] = self._columns[block.split].append(block)
        self.documents[block.split] += len(block)

    @property
    def first(self) -> float:
        """A number that no other worker's spool has, and that is the same whichever worker gets these blocks."""
        names = (name for of_split in self._blocks.values() for name in of_split)
        return min((float(partition * 2**24 + sequence) for partition, sequence in names), default=inf)

    def share(self, split: Split) -> Share:
        """Turns the blocks of a split into one share, in an order that does not depend on their arrival.

        Raises:
            StorageError: the disk is full, or cannot be written for another reason.
        """
        places = [place for _, place in sorted(self._blocks[split].items())]
        with self._written():
            return self._columns[split].share(places)

    def _written(self) -> AbstractContextManager[None]:
        """Says of an error of the disk which folder it is."""
        return explained("written", str(self._folder.absolute()))


def spooled(worker: int, spool: Spool, blocks: Iterable[bytes], report: Report) -> Spooled:
    """Writes all blocks of a worker down, and acknowledges each of them."""
    begun = None
    for block in blocks:
        progress.beat()
        begun = begun or time.monotonic()
        spool.add(block)
        report(Acknowledged(worker))
    return Spooled(worker, dict(spool.documents), time.monotonic() - begun if begun else 0.0)


class _Place(NamedTuple):
    """Where a block's documents lie in the columns of its split."""

    first: int
    """Documents before them."""
    documents: int
    tokens: tuple[int, ...]
    """Tokens before them in each view."""


class _Columns:
    """The documents of a split, in the order in which they come."""

    def __init__(self, folder: Path, views: Sequence[View]):
        folder.mkdir()
        self._labels = _Column(folder / "labels", "<i4")
        self._lengths = {view: _Column(folder / f"{view}.lengths", "<i4") for view in views}
        self._ids = {view: _Column(folder / f"{view}.ids", "<i4") for view in views}
        self._ordered = folder / "ordered"

    def append(self, block: Block) -> _Place:
        place = _Place(self._labels.size, len(block), tuple(ids.size for ids in self._ids.values()))
        self._labels.append(block.labels)
        for view, documents in block.views.items():
            self._lengths[view].append(documents.lengths)
            self._ids[view].append(documents.ids)
        return place

    def share(self, places: Sequence[_Place]) -> Share:
        """The documents in the order of places; their token ids, which are most of them, stay where they are."""
        self._ordered.mkdir()
        labels = self._labels.mapped()
        ordered = _Column(self._ordered / "labels", "<i4")
        for place in places:
            ordered.append(labels[place.first : place.first + place.documents])
        return Share(
            ordered.mapped(), {view: self._view(number, view, places) for number, view in enumerate(self._ids)}
        )

    def _view(self, number: int, view: View, places: Sequence[_Place]) -> Documents:
        came = self._lengths[view].mapped()
        starts, lengths = (_Column(self._ordered / f"{view}.{name}", kind) for name, kind in _OF_DOCUMENTS)
        for place in places:
            of_block = came[place.first : place.first + place.documents]
            starts.append(place.tokens[number] + np.cumsum(of_block, dtype=np.int64) - of_block)
            lengths.append(of_block)
        return Documents(self._ids[view].mapped(), starts.mapped(), lengths.mapped())


class _Column:
    """An array on disk that grows, until it is mapped."""

    def __init__(self, path: Path, kind: str):
        self._path = path
        self._kind = kind
        self._file = path.open("wb")
        self.size = 0

    def append(self, values: np.ndarray) -> None:
        self._file.write(np.ascontiguousarray(values, self._kind).data)
        self.size += len(values)

    def mapped(self) -> np.ndarray:
        """What it has; the file is no longer needed by its name."""
        self._file.close()
        with self._path.open("rb") as file:
            self._path.unlink()
            if self.size == 0:  # an empty file cannot be mapped
                return np.empty(0, self._kind)
            return np.frombuffer(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), self._kind)

"""Blocks: many encoded documents as one value, from a feed task to a worker's disk. No pickle, little copying.

Layout, version 2, little-endian: the magic bytes, the length of the header (uint32), the header (JSON: split,
partition, sequence, documents, and views: the number of tokens of each, by its name), then labels (int32 × documents),
then for each view in the order of the header lengths (int32 × documents) and ids (int32 × tokens), all documents'
tokens in a row. Nothing follows.
"""

import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, get_args

import numpy as np

from run.config import View
from run.splits import SPLITS, Split
from text.errors import BlockError

_MAGIC = b"TCNB\x02"
_PREFIX = struct.Struct("<5sI")
_MAX_HEADER = 1024

Ids = Sequence[int] | np.ndarray
Encoded = tuple[Mapping[View, Ids], int]
"""Token ids of each view and the class of a document."""


@dataclass(frozen=True, eq=False)
class Ragged:
    """The token ids of many documents in one view."""

    lengths: np.ndarray
    """Tokens of each document, int32 [documents]."""
    ids: np.ndarray
    """The token ids of all documents, one after the other, int32 [tokens]."""

    @classmethod
    def of(cls, documents: Sequence[Ids]) -> "Ragged":
        """Puts the ids of documents one after the other."""
        lengths = np.fromiter(map(len, documents), np.int32, len(documents))
        if all(isinstance(document, np.ndarray) for document in documents):
            return cls(lengths, np.concatenate([np.empty(0, np.int32), *documents]))
        return cls(lengths, np.fromiter((i for document in documents for i in document), np.int32))

    @classmethod
    def joined(cls, parts: Sequence["Ragged"]) -> "Ragged":
        """Puts documents behind others."""
        return cls(np.concatenate([part.lengths for part in parts]), np.concatenate([part.ids for part in parts]))

    def __iter__(self) -> Iterator[np.ndarray]:
        ends = np.cumsum(self.lengths, dtype=np.int64).tolist()
        return (self.ids[start:end] for start, end in pairwise((0, *ends)))

    def where(self, chosen: np.ndarray) -> "Ragged":
        """Returns the chosen documents, bool [documents]."""
        return Ragged(self.lengths[chosen], self.ids[np.repeat(chosen, self.lengths)])

    def rows(self, start: int, end: int) -> "Ragged":
        """Returns some of the documents."""
        before, tokens = int(self.lengths[:start].sum()), int(self.lengths[start:end].sum())
        return Ragged(self.lengths[start:end], self.ids[before : before + tokens])


@dataclass(frozen=True, eq=False)
class Columns:
    """Encoded documents, column by column."""

    labels: np.ndarray
    """The class of each document, int32 [documents]."""
    views: Mapping[View, Ragged]

    @classmethod
    def of(cls, documents: Sequence[Encoded], views: Sequence[View]) -> "Columns":
        """Takes encoded documents one by one."""
        labels = np.asarray([label for _, label in documents], np.int32)
        return cls(labels, {view: Ragged.of([ids[view] for ids, _ in documents]) for view in views})

    @classmethod
    def joined(cls, parts: Sequence["Columns"]) -> "Columns":
        """Puts documents behind others of the same views."""
        views = {view: Ragged.joined([part.views[view] for part in parts]) for view in parts[0].views}
        return cls(np.concatenate([part.labels for part in parts]), views)

    def __len__(self) -> int:
        return len(self.labels)

    def where(self, chosen: np.ndarray) -> "Columns":
        """Returns the chosen documents, bool [documents]."""
        return Columns(self.labels[chosen], {view: ragged.where(chosen) for view, ragged in self.views.items()})

    def rows(self, start: int, end: int) -> "Columns":
        """Returns some of the documents."""
        views = {view: ragged.rows(start, end) for view, ragged in self.views.items()}
        return Columns(self.labels[start:end], views)

    def ends(self) -> np.ndarray:
        """Returns the tokens, of all views, of each document and those before, int64 [documents]."""
        return np.cumsum(np.sum([ragged.lengths for ragged in self.views.values()], axis=0), dtype=np.int64)

    @property
    def tokens(self) -> int:
        """Tokens of all views."""
        return sum(len(ragged.ids) for ragged in self.views.values())


@dataclass(frozen=True, eq=False)
class Block:
    """Documents of one split; (partition, sequence) is the block's name, unique in a run."""

    split: Split
    partition: int
    sequence: int
    labels: np.ndarray
    """The class of each document, int32 [documents]."""
    views: Mapping[View, Ragged]

    @classmethod
    def of(
        cls, split: Split, partition: int, sequence: int, views: Sequence[View], documents: Sequence[Encoded]
    ) -> "Block":
        """Makes a block of encoded documents."""
        columns = Columns.of(documents, views)
        return cls(split, partition, sequence, columns.labels, columns.views)

    def __len__(self) -> int:
        return len(self.labels)

    def __iter__(self) -> Iterator[tuple[dict[View, np.ndarray], int]]:
        of_documents = zip(*self.views.values(), strict=True)
        for ids, label in zip(of_documents, self.labels.tolist(), strict=True):
            yield dict(zip(self.views, ids, strict=True)), label

    def to_bytes(self) -> bytes:
        """Returns the block in the layout above."""
        header = json.dumps(
            {
                "split": self.split,
                "partition": self.partition,
                "sequence": self.sequence,
                "documents": len(self),
                "views": {view: len(ragged.ids) for view, ragged in self.views.items()},
            }
        ).encode()
        arrays = [self.labels]
        for ragged in self.views.values():
            arrays += [ragged.lengths, ragged.ids]
        return b"".join(
            [_PREFIX.pack(_MAGIC, len(header)), header, *(a.astype("<i4", copy=False).tobytes() for a in arrays)]
        )

    @classmethod
    def from_bytes(cls, data: bytes | memoryview) -> "Block":
        """Reads a block; its arrays are views of `data`.

        Raises:
            BlockError: the bytes are not a whole block.
        """
        if len(data) < _PREFIX.size:
            raise BlockError(f"a block has at least {_PREFIX.size} bytes. Received: {len(data)}")
        magic, header_size = _PREFIX.unpack_from(data)
        if magic != _MAGIC:
            raise BlockError(f"a block starts with {_MAGIC!r}. Received: {bytes(data[:5])!r}")
        start = _PREFIX.size + header_size
        header = _Header.read(bytes(data[_PREFIX.size : start]), header_size)
        name = f"({header.partition}, {header.sequence})"
        size = start + 4 * (header.documents * (1 + len(header.views)) + sum(header.views.values()))
        if len(data) != size:
            raise BlockError(
                f"block {name} has {len(data)} bytes instead of {size}; it was cut off or altered on the way"
            )
        values, at = np.frombuffer(data, "<i4", offset=start), header.documents
        labels, views = values[:at], dict[View, Ragged]()
        for view, tokens in header.views.items():
            lengths_end = at + header.documents
            lengths, ids, at = values[at:lengths_end], values[lengths_end : lengths_end + tokens], lengths_end + tokens
            if (lengths < 0).any() or int(lengths.sum(dtype=np.int64)) != tokens:
                raise BlockError(f"the lengths in block {name} do not add up to its {tokens} tokens of view {view}")
            views[view] = Ragged(lengths, ids)
        return cls(header.split, header.partition, header.sequence, labels, views)


@dataclass(frozen=True)
class _Header:
    split: Split
    partition: int
    sequence: int
    documents: int
    views: dict[View, int]

    @classmethod
    def read(cls, data: bytes, size: int) -> "_Header":
        if size > _MAX_HEADER or len(data) != size:
            raise BlockError(f"a block's header has at most {_MAX_HEADER} bytes, all of them there. Received: {size}")
        try:
            header: Any = json.loads(data)
            split, *numbers, views = (header[k] for k in ("split", "partition", "sequence", "documents", "views"))
            counts = [*numbers, *views.values()]
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise BlockError(f"the header of a block cannot be read: {error!r}") from None
        if (
            split not in SPLITS
            or not all(type(n) is int and n >= 0 for n in counts)
            or not set(views) <= set(get_args(View))
        ):
            raise BlockError(f"the header of a block is not of this version. Received: {header}")
        partition, sequence, documents = numbers
        return cls(split, partition, sequence, documents, views)

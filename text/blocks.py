"""Blocks: many encoded documents as one value, from a feed task to a worker's disk. No pickle, little copying.

Layout, little-endian: the magic bytes, the length of the header (uint32), the header (JSON: split, partition,
sequence, documents, tokens), then lengths (int32 × documents), labels (int32 × documents) and ids
(int32 × tokens), all documents' tokens in a row. Nothing follows.
"""

import json
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from run.splits import SPLITS, Split
from text.errors import BlockError

_MAGIC = b"TCNB\x01"
_PREFIX = struct.Struct("<5sI")
_MAX_HEADER = 1024


@dataclass(frozen=True, eq=False)
class Block:
    """Documents of one split; (partition, sequence) is the block's name, unique in a run."""

    split: Split
    partition: int
    sequence: int
    lengths: np.ndarray
    """Tokens of each document, int32 [documents]."""
    labels: np.ndarray
    """Index of each document's label, int32 [documents]."""
    ids: np.ndarray
    """The token ids of all documents, one after the other, int32 [tokens]."""

    @classmethod
    def of(cls, split: Split, partition: int, sequence: int, documents: Iterable[tuple[list[int], int]]) -> "Block":
        """Makes a block of (token ids, label) pairs."""
        pairs = list(documents)
        ids, labels = [d for d, _ in pairs], [label for _, label in pairs]
        return cls(
            split,
            partition,
            sequence,
            np.fromiter(map(len, ids), np.int32, len(ids)),
            np.asarray(labels, np.int32),
            np.fromiter((i for document in ids for i in document), np.int32),
        )

    def __len__(self) -> int:
        return len(self.lengths)

    def __iter__(self) -> Iterator[tuple[np.ndarray, int]]:
        ends = np.cumsum(self.lengths)
        for end, length, label in zip(ends, self.lengths, self.labels, strict=True):
            yield self.ids[end - length : end], int(label)

    def to_bytes(self) -> bytes:
        """Returns the block in the layout above."""
        header = json.dumps(
            {
                "split": self.split,
                "partition": self.partition,
                "sequence": self.sequence,
                "documents": len(self),
                "tokens": len(self.ids),
            }
        ).encode()
        arrays = (self.lengths, self.labels, self.ids)
        return b"".join(
            [
                _PREFIX.pack(_MAGIC, len(header)),
                header,
                *(a.astype("<i4", copy=False).tobytes() for a in arrays),
            ]
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
        split, partition, sequence, documents, tokens = _header(bytes(data[_PREFIX.size : start]), header_size)
        if len(data) != start + 4 * (2 * documents + tokens):
            raise BlockError(
                f"block ({partition}, {sequence}) has {len(data)} bytes instead of "
                f"{start + 4 * (2 * documents + tokens)}; it was cut off or altered on the way"
            )
        lengths = np.frombuffer(data, "<i4", documents, start)
        labels = np.frombuffer(data, "<i4", documents, start + 4 * documents)
        ids = np.frombuffer(data, "<i4", tokens, start + 8 * documents)
        if (lengths < 0).any() or int(lengths.sum(dtype=np.int64)) != tokens:
            raise BlockError(f"the lengths in block ({partition}, {sequence}) do not add up to its {tokens} tokens")
        return cls(split, partition, sequence, lengths, labels, ids)


def _header(data: bytes, size: int) -> tuple[Split, int, int, int, int]:
    if size > _MAX_HEADER or len(data) != size:
        raise BlockError(f"a block's header has at most {_MAX_HEADER} bytes, all of them there. Received: {size}")
    try:
        header = json.loads(data)
        split, *numbers = (header[k] for k in ("split", "partition", "sequence", "documents", "tokens"))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BlockError(f"the header of a block cannot be read: {error!r}") from None
    if split not in SPLITS or not all(type(n) is int and n >= 0 for n in numbers):
        raise BlockError(f"the header of a block is not of this version. Received: {header}")
    partition, sequence, documents, tokens = numbers
    return split, partition, sequence, documents, tokens

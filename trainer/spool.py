"""The spool: a worker's share of the encoded documents on its local disk.

What it keeps in memory are the names of the blocks, some 200 bytes for each 512 documents: 0.4 MB per million.
"""

import mmap
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from run.splits import SPLITS, Split
from text.blocks import Block
from text.errors import BlockError


@dataclass(frozen=True)
class Share:
    """The documents of one split that a worker holds, in the order of their blocks' names; mapped from disk."""

    ids: np.ndarray
    """Token ids, int32 [tokens]."""
    starts: np.ndarray
    """Where each document begins in `ids`, int64 [documents]."""
    lengths: np.ndarray
    """int32 [documents]."""
    labels: np.ndarray
    """int32 [documents]."""

    def __len__(self) -> int:
        return len(self.lengths)

    def padded(self, rows: np.ndarray) -> np.ndarray:
        """Returns the ids of some documents, int32 [rows, longest of them], filled up with padding."""
        lengths = self.lengths[rows]
        columns = np.arange(max(int(lengths.max(initial=0)), 1))
        inside = columns < lengths[:, None]
        ids = np.zeros(inside.shape, np.int32)
        ids[inside] = self.ids[(self.starts[rows][:, None] + columns)[inside]]
        return ids


class Spool:
    """Takes blocks in any order, each exactly once, and gives back the shares of the splits."""

    def __init__(self, folder: Path):
        """Starts an empty spool in a folder that is made for it."""
        folder.mkdir(parents=True)
        self._folder = folder
        self._names: dict[Split, list[tuple[int, int]]] = {split: [] for split in SPLITS}
        self.documents: dict[Split, int] = dict.fromkeys(SPLITS, 0)

    def add(self, data: bytes) -> None:
        """Writes a block down.

        Raises:
            BlockError: the bytes are no block, or one of that name is here already.
        """
        block = Block.from_bytes(data)
        name = (block.partition, block.sequence)
        path = self._path(name)
        if path.exists():
            raise BlockError(f"block {name} came twice; each is fed once")
        path.write_bytes(data)
        self._names[block.split].append(name)
        self.documents[block.split] += len(block)

    def share(self, split: Split) -> Share:
        """Turns the blocks of a split into one share, in an order that does not depend on their arrival."""
        files = {field: self._folder / f"{split}.{field}" for field in ("ids", "starts", "lengths", "labels")}
        with ExitStack() as stack:
            opened = {field: stack.enter_context(path.open("wb")) for field, path in files.items()}
            tokens = 0
            for name in sorted(self._names[split]):
                block = Block.from_bytes(self._path(name).read_bytes())
                starts = tokens + np.cumsum(block.lengths, dtype="<i8") - block.lengths
                for field, values in (("starts", starts), ("lengths", block.lengths), ("labels", block.labels)):
                    opened[field].write(values.tobytes())
                opened["ids"].write(block.ids.tobytes())
                tokens += len(block.ids)
                self._path(name).unlink()
        return Share(**{field: _mapped(path, "<i8" if field == "starts" else "<i4") for field, path in files.items()})

    def _path(self, name: tuple[int, int]) -> Path:
        return self._folder / f"{name[0]:08d}-{name[1]:08d}.block"


def _mapped(path: Path, dtype: str) -> np.ndarray:
    with path.open("rb") as file:
        if path.stat().st_size == 0:  # an empty file cannot be mapped
            return np.empty(0, dtype)
        return np.frombuffer(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), dtype)

"""The spool: a worker's share of the encoded documents on its local disk, mapped into memory."""

import mmap
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from run.splits import SPLITS, Split
from text.blocks import Block
from text.errors import BlockError


@dataclass(frozen=True)
class Share:
    """The documents of one split that a worker holds, in the order of their blocks' names."""

    ids: np.ndarray
    """Token numbers, int32 [tokens], mapped from disk."""
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
        lengths, labels = [np.empty(0, np.int32)], [np.empty(0, np.int32)]
        path = self._folder / f"{split}.ids"
        with path.open("wb") as file:
            for name in sorted(self._names[split]):
                block = Block.from_bytes(self._path(name).read_bytes())
                lengths.append(block.lengths)
                labels.append(block.labels)
                file.write(block.ids.tobytes())
                self._path(name).unlink()
        all_lengths = np.concatenate(lengths)
        starts = np.cumsum(all_lengths, dtype=np.int64) - all_lengths
        return Share(_mapped(path), starts, all_lengths, np.concatenate(labels))

    def _path(self, name: tuple[int, int]) -> Path:
        return self._folder / f"{name[0]:08d}-{name[1]:08d}.block"


def _mapped(path: Path) -> np.ndarray:
    with path.open("rb") as file:
        if path.stat().st_size == 0:  # an empty file cannot be mapped
            return np.empty(0, np.int32)
        return np.frombuffer(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), "<i4")

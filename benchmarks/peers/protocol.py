"""What every peer is given, and what it answers. Needs numpy alone: peers have an environment of their own.

A peer is the command `python -m benchmarks.peers.NAME FOLDER --epochs N`. It trains Kim's TextCNN on the training
documents in FOLDER for N epochs, keeps the weights of the epoch that is best on the validation documents, judges those
on the test documents, and prints a line of JSON last: documents/s from the second epoch on, the time of validation and
test left out, and test accuracy.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

REVIEWS = "reviews.jsonl"
"""The documents as raw text with labels."""
ENCODED = "encoded.npz"
"""The same ones, split and encoded."""

LENGTH = 128
"""Tokens to which a document is cut."""
BATCH = 256
"""Documents in a step, over all workers."""
EMBEDDING = 128
WIDTHS = (3, 4, 5)
FILTERS = 128
DROPOUT = 0.5
INITIAL = 0.25
"""The first values of embeddings are equally probable up to this, as Kim and we have it; the libraries have others."""
RATE = 1e-3
"""Adam's."""


@dataclass(frozen=True)
class Documents:
    """Encoded documents of one split."""

    ids: np.ndarray
    """int32 [documents, LENGTH], 0 behind a document's end."""
    labels: np.ndarray
    """int32 [documents]."""

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Encoded:
    """What a peer trains on, in an order by lot, and is judged on."""

    tokens: int
    """Token ids that there are, the first of them the padding."""
    classes: int
    train: Documents
    validation: Documents
    test: Documents


def write(folder: Path, encoded: Encoded) -> None:
    """Writes documents down for the peers."""
    parts = {"train": encoded.train, "validation": encoded.validation, "test": encoded.test}
    arrays = {f"{name} {kind}": getattr(part, kind) for name, part in parts.items() for kind in ("ids", "labels")}
    np.savez(folder / ENCODED, tokens=encoded.tokens, classes=encoded.classes, **arrays)


def read(folder: Path) -> Encoded:
    """Reads what `write` wrote."""
    with np.load(folder / ENCODED) as found:
        splits = (Documents(found[f"{name} ids"], found[f"{name} labels"]) for name in ("train", "validation", "test"))
        return Encoded(int(found["tokens"]), int(found["classes"]), *splits)


@dataclass(frozen=True)
class Task:
    """What a peer is asked to do."""

    folder: Path
    epochs: int


def task(about: str | None) -> Task:
    """Reads the command line of a peer."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--epochs", type=int, default=2, help="at least 2: the first one is not timed")
    options = parser.parse_args()
    return Task(options.folder.absolute(), options.epochs)


def answer(documents_per_second: float, accuracy: float) -> None:
    """Prints what came of it."""
    tell({"documents_per_second": documents_per_second, "accuracy": accuracy})


def tell(figures: Mapping[str, float]) -> None:
    """Prints figures as the last line."""
    print(json.dumps(dict(figures)), flush=True)


def from_second_epoch(documents: int, seconds: Sequence[float]) -> float:
    """Returns documents/s, of epochs with so many documents and with these lengths; the first one holds compilation."""
    return documents * (len(seconds) - 1) / sum(seconds[1:])

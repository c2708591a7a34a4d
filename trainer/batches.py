"""An epoch's batches: a fresh order each time, documents of similar length together."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from run.config import View
from trainer.permutation import Permutation
from trainer.spool import Share

WINDOW = 64
"""Batches within which documents are sorted by length: long enough to save padding, short enough to shuffle."""


@dataclass(frozen=True, eq=False)
class Batch:
    """Some documents, filled up to the longest of them."""

    ids: Mapping[View, np.ndarray]
    """Token ids of each view, int32 [documents, tokens]."""
    labels: np.ndarray
    """int32 [documents]."""
    weights: np.ndarray
    """What each document counts in the loss, float32 [documents]."""


def _batch(share: Share, rows: np.ndarray) -> Batch:
    return Batch(share.padded(rows), share.labels[rows], np.ones(len(rows), np.float32))


def filler(views: Iterable[View]) -> Batch:
    """Returns what a worker that has run out of documents trains on: an example of no weight."""
    nothing = np.zeros((1, 1), np.int32)
    return Batch(dict.fromkeys(views, nothing), np.zeros(1, np.int32), np.zeros(1, np.float32))


def size_of(batch: int, worker: int, workers: int) -> int:
    """Returns how many documents of each batch are a worker's; over all workers that is the batch, exactly."""
    return batch // workers + (worker < batch % workers)


def default_size(documents: int, workers: int) -> int:
    """Returns a size of batches that gives an epoch some 500 steps: a power of two from 32 to 256."""
    wanted = max(documents / 500, workers)
    return next((size for size in (32, 64, 128) if size >= wanted), max(256, workers))


def steps(documents: int, size: int) -> int:
    """Returns how many batches hold a number of documents."""
    return -(-documents // size)


def epoch(share: Share, *, size: int, seed: int, number: int, worker: int, count: int) -> Iterator[Batch]:
    """Yields `count` batches: each document of the share once, then fillers.

    The order of lengths depends on seed and epoch alone: in the same step, all workers have batches of
    similar length, and none waits for another.

    Args:
        share: the worker's documents.
        size: documents in a batch.
        seed: the run's seed.
        number: the epoch, which gives it an order of its own.
        worker: gives each worker an order of its own.
        count: batches to yield; at least as many as the share needs.
    """
    documents = Permutation(len(share), [seed, number, worker])
    common = np.random.default_rng([seed, number])
    for start in range(0, steps(len(share), size), WINDOW):
        window = _by_length(share, documents(start * size, (start + WINDOW) * size))
        batches = steps(len(window), size)
        for i in common.permutation(batches):
            yield _batch(share, window[i * size : (i + 1) * size])
    for _ in range(count - steps(len(share), size)):
        yield filler(share.views)


def in_order_of_length(share: Share, size: int) -> Iterator[Batch]:
    """Yields all documents once, for an evaluation: a window after the other, each from short to long."""
    for start in range(0, len(share), WINDOW * size):
        window = _by_length(share, np.arange(start, min(start + WINDOW * size, len(share))))
        for i in range(0, len(window), size):
            yield _batch(share, window[i : i + size])


def _by_length(share: Share, rows: np.ndarray) -> np.ndarray:
    return rows[np.argsort(share.lengths[rows], kind="stable")]

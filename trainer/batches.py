"""An epoch's batches: a fresh order each time, documents of similar length together."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from trainer.spool import Share

WINDOW = 64
"""Batches within which documents are sorted by length: long enough to save padding, short enough to shuffle."""


@dataclass(frozen=True, eq=False)
class Batch:
    """Some documents, filled up to the longest of them."""

    ids: np.ndarray
    """Token numbers, int32 [documents, tokens]."""
    labels: np.ndarray
    """int32 [documents]."""
    weights: np.ndarray
    """What each document counts in the loss, float32 [documents]."""


def _batch(share: Share, rows: np.ndarray) -> Batch:
    return Batch(share.padded(rows), share.labels[rows], np.ones(len(rows), np.float32))


FILLER = Batch(np.zeros((1, 1), np.int32), np.zeros(1, np.int32), np.zeros(1, np.float32))
"""What a worker that has run out of documents trains on: an example of no weight."""


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
    documents = np.random.default_rng([seed, number, worker]).permutation(len(share))
    common = np.random.default_rng([seed, number])
    for start in range(0, steps(len(share), size), WINDOW):
        window = documents[start * size : (start + WINDOW) * size]
        window = window[np.argsort(share.lengths[window], kind="stable")]
        batches = steps(len(window), size)
        for i in common.permutation(batches):
            yield _batch(share, window[i * size : (i + 1) * size])
    for _ in range(count - steps(len(share), size)):
        yield FILLER


def in_order_of_length(share: Share, size: int) -> Iterator[Batch]:
    """Yields all documents once, for an evaluation."""
    order = np.argsort(share.lengths, kind="stable")
    for start in range(0, len(order), size):
        yield _batch(share, order[start : start + size])

"""An epoch's batches: every document once, a fresh order, similar lengths together."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.batches import WINDOW, Batch, default_size, epoch, in_order_of_length, size_of, steps
from trainer.spool import Share

ShareOf = Callable[[Sequence[tuple[list[int], int]]], Share]

COUNT, SIZE = 1_003, 4
"""Some 250 batches: several windows, the last of them with a last batch that is not full."""


@pytest.fixture(scope="module")
def share(share_of: ShareOf) -> Share:
    """Documents whose label is their number."""
    lengths = np.random.default_rng(0).integers(0, 50, COUNT)
    return share_of([([2] * int(length), number) for number, length in enumerate(lengths)])


def batches_of(share: Share, *, seed: int = 1, number: int = 1, worker: int = 0, extra: int = 0) -> list[Batch]:
    count = steps(len(share), SIZE) + extra
    return list(epoch(share, size=SIZE, seed=seed, number=number, worker=worker, count=count))


def order(batches: list[Batch]) -> list[int]:
    return np.concatenate([batch.labels for batch in batches]).tolist()


@pytest.mark.parametrize(("documents", "expected"), [(0, 0), (1, 1), (4, 1), (5, 2), (8, 2)])
def test_the_last_batch_may_be_smaller(documents: int, expected: int) -> None:
    assert steps(documents, size=4) == expected


@pytest.mark.parametrize("number", [1, 2])
def test_every_document_comes_once_in_an_epoch(share: Share, number: int) -> None:
    batches = batches_of(share, number=number)
    assert sorted(order(batches)) == list(range(COUNT))
    assert all((batch.weights == 1).all() for batch in batches)


def test_a_batch_holds_its_documents_filled_up_to_the_longest(share: Share) -> None:
    for batch in batches_of(share):
        lengths = share.lengths[batch.labels]
        assert batch.ids["word"].shape == (len(batch.labels), max(lengths.max(), 1))
        assert ((batch.ids["word"] == 2).sum(axis=1) == lengths).all()
        assert len(batch.labels) == len(batch.weights) <= SIZE


def test_the_same_seed_gives_the_same_order(share: Share) -> None:
    assert order(batches_of(share)) == order(batches_of(share))


@pytest.mark.parametrize("other", [{"seed": 2}, {"number": 2}, {"worker": 1}])
def test_another_seed_epoch_or_worker_puts_other_documents_together(share: Share, other: dict[str, int]) -> None:
    def companies(batches: list[Batch]) -> set[frozenset[int]]:
        return {frozenset(batch.labels.tolist()) for batch in batches}

    assert len(companies(batches_of(share)) & companies(batches_of(share, **other))) < 10


def test_fillers_follow_the_documents_and_weigh_nothing(share: Share) -> None:
    batches = batches_of(share, extra=3)
    assert len(batches) == steps(COUNT, SIZE) + 3
    assert [float(batch.weights.sum()) for batch in batches[-3:]] == [0, 0, 0]
    assert sum(batch.weights.sum() for batch in batches) == COUNT
    assert order(batches[:-3]) == order(batches_of(share))


def test_a_worker_without_documents_has_fillers_alone(share_of: ShareOf) -> None:
    batches = batches_of(share_of([]), extra=2)
    assert [batch.weights.tolist() for batch in batches] == [[0], [0]]


def test_documents_of_similar_length_are_together_at_every_worker_in_the_same_step(share_of: ShareOf) -> None:
    lengths = np.arange(1, 65)  # one window: each four neighbouring lengths are a batch
    shares = [share_of([([2] * int(n), 0) for n in np.random.default_rng(w).permutation(lengths)]) for w in (0, 1)]
    widths = [[b.ids["word"].shape[1] for b in batches_of(share, worker=w)] for w, share in enumerate(shares)]
    assert sorted(widths[0]) == list(range(4, 65, 4))
    assert widths[0] == widths[1] != sorted(widths[0])


def test_workers_with_other_documents_have_batches_of_similar_length_in_the_same_step(
    share_of: ShareOf,
) -> None:
    random = np.random.default_rng(0)
    shares = [share_of([([2] * int(n), 0) for n in random.integers(1, 100, COUNT)]) for _ in range(2)]
    mine, others = ([b.ids["word"].shape[1] for b in batches_of(s, worker=w)] for w, s in enumerate(shares))
    shuffled = np.abs(np.subtract(mine, random.permutation(others))).mean()
    assert np.abs(np.subtract(mine, others)).mean() < shuffled / 5


def test_an_evaluation_sees_every_document_once_from_short_to_long_in_each_window(share: Share) -> None:
    batches = list(in_order_of_length(share, SIZE))
    widths = [batch.ids["word"].shape[1] for batch in batches]
    assert sorted(order(batches)) == list(range(COUNT))
    for start in range(0, len(widths), WINDOW):
        assert widths[start : start + WINDOW] == sorted(widths[start : start + WINDOW])


@given(st.integers(1, 10_000), st.integers(1, 100))
def test_the_workers_parts_of_a_batch_are_the_batch_exactly(batch: int, workers: int) -> None:
    sizes = [size_of(batch, worker, workers) for worker in range(workers)]
    assert sum(sizes) == batch
    assert max(sizes) - min(sizes) <= 1


def test_an_evaluation_of_no_documents_has_no_batches(share_of: ShareOf) -> None:
    assert list(in_order_of_length(share_of([]), SIZE)) == []


@pytest.mark.parametrize(
    ("documents", "workers", "expected"),
    [(0, 1, 32), (16_000, 2, 32), (28_297, 2, 64), (48_000, 2, 128), (10**7, 8, 256)],
)
def test_batches_are_as_large_as_an_epoch_of_some_hundred_steps_allows(
    documents: int, workers: int, expected: int
) -> None:
    assert default_size(documents, workers) == expected


def test_a_batch_has_a_document_for_each_worker() -> None:
    assert default_size(100, workers=40) == 64
    assert default_size(100, workers=300) == 300

"""Marks of several workers, added up, give the rows that any of them has."""

import numpy as np
import pytest
import tensorflow as tf

from trainer.marks import Marks


@pytest.mark.parametrize("workers", [2, 3, 4, 15, 512])
def test_the_sum_of_marks_gives_every_row_that_a_worker_has_and_no_other(workers: int) -> None:
    size, random = 100, np.random.default_rng(workers)
    marks = Marks(size, workers)
    shares = [random.choice(size, random.integers(0, 4), replace=False).astype(np.int32) for _ in range(workers)]
    total = tf.add_n([marks.of(tf.constant(share)) for share in shares])
    assert marks.rows(total).numpy().tolist() == sorted(set(np.concatenate(shares).tolist()))


@pytest.mark.parametrize("workers", [2, 3, 7, 512])
def test_a_row_that_all_workers_have_is_no_mark_of_its_neighbours(workers: int) -> None:
    marks = Marks(40, workers)
    for row in (0, 14, 15, 39):
        total = workers * marks.of(tf.constant([row]))
        assert marks.rows(total).numpy().tolist() == [row]


def test_they_take_a_few_bits_a_row() -> None:
    assert Marks(150_000, 2).words == 10_000
    assert Marks(150_000, 512).words == 50_000
    assert Marks(150_001, 2).of(tf.constant([150_000])).shape == 10_001

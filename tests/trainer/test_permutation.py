"""A pseudo-random order that needs no memory."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.permutation import Permutation


@given(st.integers(0, 1_000), st.integers(0, 2**31), st.integers(1, 150))
def test_every_number_comes_once_however_it_is_asked_for(size: int, seed: int, window: int) -> None:
    order = Permutation(size, [seed])
    pieces = [order(start, start + window) for start in range(0, size, window)]
    assert sorted(np.concatenate([[], *pieces]).tolist()) == list(range(size))


def test_places_behind_the_end_are_none() -> None:
    assert len(Permutation(10, [1])(8, 20)) == 2


@pytest.mark.parametrize("size", [64, 65, 1_000, 4_096])
def test_numbers_stay_near_their_places_no_more_often_than_by_chance(size: int) -> None:
    moved = [np.abs(Permutation(size, [seed])(0, size) - np.arange(size)).mean() / size for seed in range(20)]
    assert np.mean(moved) == pytest.approx(1 / 3, abs=0.03)


def test_another_seed_gives_another_order() -> None:
    orders = [Permutation(1_000, [1, seed])(0, 1_000) for seed in range(3)]
    assert (orders[0] != orders[1]).mean() > 0.9
    assert (orders[1] != orders[2]).mean() > 0.9
    assert (Permutation(1_000, [1, 0])(0, 1_000) == orders[0]).all()

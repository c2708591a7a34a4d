"""The learning rate of each step, as a share of the run file's."""

from typing import Any

import pytest

from run.config import TrainConfig
from trainer.schedule import Schedule


def shares(**values: Any) -> list[float]:
    """Of each step of two epochs of four steps."""
    schedule = Schedule(TrainConfig(epochs=2, **values), 4)
    return [schedule.share(step) for step in range(1, 9)]


def test_where_nothing_is_said_the_rate_stays() -> None:
    assert shares() == [1.0] * 8


def test_a_warm_up_rises_from_nothing_to_the_whole_rate() -> None:
    assert shares(warmup=0.5) == [0.25, 0.5, 0.75, 1, 1, 1, 1, 1]


def test_a_linear_decay_falls_evenly_to_nothing_after_the_last_step() -> None:
    assert shares(decay="linear") == [1, 7 / 8, 6 / 8, 5 / 8, 4 / 8, 3 / 8, 2 / 8, 1 / 8]


def test_a_cosine_decay_is_flat_at_both_ends() -> None:
    falling = shares(decay="cosine")
    assert falling[::2] == pytest.approx([1, 0.8536, 0.5, 0.1464], abs=1e-4)
    assert falling[-1] == pytest.approx(0.0381, abs=1e-4)


def test_the_decay_begins_where_the_warm_up_ends() -> None:
    assert shares(warmup=0.5, decay="linear") == [0.25, 0.5, 0.75, 1, 1, 0.75, 0.5, 0.25]


def test_a_warm_up_of_less_than_a_step_is_none() -> None:
    assert shares(warmup=0.1) == [1.0] * 8

"""Workers whose weights are no longer the same are found; those that only round differently are left alone."""

from typing import Any

import numpy as np
import pytest

from trainer.drift import check_equal
from trainer.errors import TrainingError

RANDOM = np.random.default_rng(1)
WEIGHTS = [RANDOM.normal(0, 0.05, (200, 100)).astype(np.float32), RANDOM.normal(0, 1, 300).astype(np.float32)]


class Workers:
    """Stands for the other workers, which have said before what they were asked for."""

    def __init__(self) -> None:
        self._said: list[list[float]] = [[], []]
        self._asked = 0

    def gather(self, value: float) -> np.ndarray:
        said = self._said[self._asked % 2]
        self._asked += 1
        said.append(value)
        return np.array(said)


def check(*of_workers: list[np.ndarray]) -> None:
    workers: Any = Workers()
    for weights in of_workers:
        check_equal(weights, workers, epoch=3)


def moved(by: np.ndarray | float) -> list[np.ndarray]:
    """The weights, with the first array changed."""
    return [(WEIGHTS[0] + by).astype(np.float32), WEIGHTS[1]]


def test_equal_weights_are_equal() -> None:
    check(WEIGHTS, WEIGHTS, WEIGHTS)
    check([np.zeros(3)], [np.zeros(3)])


def test_rounding_that_differs_is_no_drift() -> None:
    check(WEIGHTS, moved(WEIGHTS[0] * RANDOM.choice([-1e-5, 1e-5], WEIGHTS[0].shape)))


@pytest.mark.parametrize(
    "by",
    [
        pytest.param(1e-3 * RANDOM.choice([-1.0, 1.0], WEIGHTS[0].shape), id="a step of Adam that was not made"),
        pytest.param(np.where(np.arange(100) == 7, 0.1, 0), id="a column"),
        pytest.param(np.where(np.arange(20_000).reshape(200, 100) == 7, 2.0**40, 0), id="a bit of an exponent"),
    ],
)
def test_a_worker_that_has_drifted_is_found_and_all_sums_are_told(by: np.ndarray) -> None:
    with pytest.raises(TrainingError, match=r"at the end of epoch 3: .* on worker 0, .* on worker 1, .* on worker 2"):
        check(WEIGHTS, WEIGHTS, moved(by))


def test_weights_that_are_no_numbers_are_not_its_business() -> None:
    check(moved(np.nan), moved(np.nan))

"""Intervals and the paired test, against figures that are published or counted by hand."""

from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from run import intervals
from run.metrics import Evaluation

COUNTS = st.integers(0, 60)


def test_wilson_gives_the_published_interval() -> None:
    low, high = intervals.wilson(np.array([81, 0]), np.array([263, 10]))  # Newcombe, Statistics in Medicine 17, 1998
    assert low == pytest.approx([0.2553, 0.0], abs=1e-4)
    assert high == pytest.approx([0.3662, 0.2775], abs=1e-4)


def test_nothing_is_known_of_what_was_not_counted() -> None:
    low, high = intervals.wilson(np.array([0]), np.array([0]))
    assert (low[0], high[0]) == (0.0, 1.0)


def test_intervals_of_a_class_hold_its_figures() -> None:
    evaluation = Evaluation.of([[50, 10, 0], [5, 100, 1], [0, 2, 3]], None)
    for values, (low, high) in (
        (evaluation.precision, intervals.of_precision(evaluation)),
        (evaluation.recall, intervals.of_recall(evaluation)),
        (evaluation.f1, intervals.of_f1(evaluation)),
    ):
        assert (low < values).all()
        assert (values < high).all()
        assert (high - low)[2] > (high - low)[1]  # of few documents less is known
    low_accuracy, high_accuracy = intervals.of_accuracy(evaluation)
    assert low_accuracy < evaluation.accuracy < high_accuracy


@given(COUNTS, COUNTS)
def test_mcnemar_is_the_exact_test(first: int, second: int) -> None:
    of = first + second
    tail = sum(comb(of, number) for number in range(min(first, second) + 1))
    assert intervals.mcnemar(first, second) == pytest.approx(min(1.0, 2 * tail / 2**of))
    assert intervals.mcnemar(second, first) == intervals.mcnemar(first, second)


def test_models_that_err_alike_do_not_differ() -> None:
    assert intervals.mcnemar(0, 0) == 1.0
    assert intervals.mcnemar(10, 25) == pytest.approx(0.0167, abs=1e-4)


@pytest.mark.parametrize(
    ("freedom", "published"), [(1, 12.706), (2, 4.303), (4, 2.776), (10, 2.228), (120, 1.980), (9_999, 1.960)]
)
def test_students_t_is_that_of_the_published_table(freedom: int, published: float) -> None:
    assert intervals.t_value(0.05, freedom) == pytest.approx(published, abs=6e-4)
    assert intervals.t_test(-published, freedom) == pytest.approx(0.05, abs=1e-4)


def test_of_one_variance_the_interval_is_students() -> None:
    values = np.array([0.5, 0.7, 0.9])
    low, high, p = intervals.of_mean(0.7, [intervals.Variance.of(values)])
    assert (low, high) == pytest.approx((0.7 - 4.3027 * 0.2 / 3**0.5, 0.7 + 4.3027 * 0.2 / 3**0.5), abs=1e-4)
    t = 0.7 / (0.2 / 3**0.5)
    assert p == pytest.approx(1 - t / (2 + t**2) ** 0.5, abs=1e-4)  # of two degrees of freedom


def test_a_mean_that_varies_with_more_is_less_sure() -> None:
    documents, seeds = intervals.Variance(4e-6, 3_000), intervals.Variance(4e-6, 2)
    less, more = (intervals.of_mean(0.01, parts) for parts in ([documents], [documents, seeds]))
    assert less[0] > more[0] > 0.01 - 4.303 * (8e-6) ** 0.5  # seeds alone would leave two degrees of freedom
    assert less[2] < more[2]
    assert more[0] + more[1] == pytest.approx(0.02)


def test_what_never_varies_is_sure() -> None:
    nothing = intervals.Variance.of(np.array([0.3]))
    assert intervals.of_mean(0.0, [nothing]) == (0.0, 0.0, 1.0)
    assert intervals.of_mean(0.3, [nothing]) == (0.3, 0.3, 0.0)

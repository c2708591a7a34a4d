"""Metrics of confusion matrices, worked out by hand."""

import math

import numpy as np
import pytest

from run.metrics import Evaluation

TWO = Evaluation(np.array([[3, 1], [2, 4]]), loss=0.5)
"""Of 4 documents of class 0, 3 were found; of 6 of class 1, 4."""

THREE = Evaluation(np.array([[4, 0, 1], [2, 0, 0], [0, 0, 3]]), loss=0.5)
"""Class 1 was never predicted."""

ABSENT = Evaluation(np.array([[1, 0, 1], [0, 0, 0], [0, 0, 2]]), loss=0.5)
"""Class 1 neither occurs nor was predicted."""

NOTHING = Evaluation(np.zeros((2, 2), np.int64), loss=float("nan"))


def test_accuracy_is_the_share_of_right_answers() -> None:
    assert (TWO.rows, TWO.accuracy) == (10, 0.7)
    assert (THREE.rows, THREE.accuracy) == (10, 0.7)


def test_precision_is_the_share_of_right_answers_among_a_classs_predictions() -> None:
    assert TWO.precision == pytest.approx([3 / 5, 4 / 5])
    assert THREE.precision == pytest.approx([4 / 6, 0, 3 / 4])


def test_recall_is_the_share_of_right_answers_among_a_classs_documents() -> None:
    assert TWO.recall == pytest.approx([3 / 4, 4 / 6])
    assert ABSENT.recall == pytest.approx([1 / 2, 0, 1])


def test_f1_is_the_harmonic_mean_of_precision_and_recall() -> None:
    assert TWO.f1 == pytest.approx([2 / 3, 8 / 11])
    assert THREE.f1 == pytest.approx([8 / 11, 0, 6 / 7])


def test_macro_f1_is_the_mean_over_the_classes() -> None:
    assert TWO.macro_f1 == pytest.approx((2 / 3 + 8 / 11) / 2)


def test_macro_f1_counts_a_class_that_was_never_predicted() -> None:
    assert THREE.macro_f1 == pytest.approx((8 / 11 + 0 + 6 / 7) / 3)


def test_macro_f1_leaves_out_a_class_that_neither_occurs_nor_was_predicted() -> None:
    assert ABSENT.macro_f1 == pytest.approx((2 / 3 + 4 / 5) / 2)


def test_without_documents_there_are_no_numbers() -> None:
    assert NOTHING.rows == 0
    assert math.isnan(NOTHING.accuracy)
    assert math.isnan(NOTHING.macro_f1)


def test_an_evaluation_can_be_made_of_the_values_that_travel() -> None:
    travelled = Evaluation.of(TWO.confusion.tolist(), TWO.loss)
    assert (travelled.confusion == TWO.confusion).all()
    assert (travelled.accuracy, travelled.loss) == (0.7, 0.5)
    assert math.isnan(Evaluation.of([[0, 0], [0, 0]], None).loss)

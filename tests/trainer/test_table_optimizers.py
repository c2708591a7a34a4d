"""Optimizers of tables: as those of Keras for the rows that have a gradient, and the others are left alone."""

from collections.abc import Callable
from functools import partial

import keras
import numpy as np
import pytest
import tensorflow as tf

from trainer.table_optimizers import Adagrad, LazyAdam, TableOptimizer

RATE = 0.01

WHOLE = np.float32(1.0)
"""Share of the learning rate."""


def gradients(step: int) -> np.ndarray:
    return np.random.default_rng(step).normal(size=(4, 3)).astype(np.float32)


@pytest.mark.parametrize(
    ("kind", "of_keras"),
    [
        (LazyAdam, keras.optimizers.Adam),
        (Adagrad, partial(keras.optimizers.Adagrad, initial_accumulator_value=0.0)),
    ],
)
def test_where_every_row_has_a_gradient_it_is_that_of_keras(
    kind: type[TableOptimizer], of_keras: Callable[[float], keras.optimizers.Optimizer]
) -> None:
    start = gradients(0)
    table, expected = tf.Variable(start), keras.Variable(start)
    rows_first, dense = kind(table, RATE), of_keras(RATE)
    order = np.array([2, 0, 3, 1])
    for step in range(1, 21):
        rows_first.apply(tf.constant(order), tf.constant(gradients(step)[order]), tf.constant(float(step)), WHOLE)
        dense.apply([tf.constant(gradients(step))], [expected])
    np.testing.assert_allclose(table.numpy(), np.asarray(expected), rtol=0, atol=1e-6)


@pytest.mark.parametrize("kind", [LazyAdam, Adagrad])
def test_a_row_without_a_gradient_stays_and_starts_late_with_a_full_step(kind: type[TableOptimizer]) -> None:
    table = tf.Variable(tf.zeros([3, 2]))
    optimizer = kind(table, RATE)
    optimizer.apply(tf.constant([0]), tf.constant([[1.0, -1.0]]), tf.constant(1.0), WHOLE)
    assert table.numpy()[1:].tolist() == [[0, 0], [0, 0]]
    np.testing.assert_allclose(table.numpy()[0], [-RATE, RATE], rtol=1e-5)
    before = table.numpy()[0]
    optimizer.apply(tf.constant([1]), tf.constant([[1.0, 1.0]]), tf.constant(2.0), WHOLE)
    np.testing.assert_array_equal(table.numpy()[0], before)
    assert (table.numpy()[1] < 0).all()


@pytest.mark.parametrize("kind", [LazyAdam, Adagrad])
def test_a_share_of_the_learning_rate_makes_a_step_shorter_and_changes_no_moment(kind: type[TableOptimizer]) -> None:
    whole, half = (tf.Variable(tf.zeros([1, 2])) for _ in range(2))
    optimizers = kind(whole, RATE), kind(half, RATE)
    for optimizer, share in zip(optimizers, (1.0, 0.5), strict=True):
        optimizer.apply(tf.constant([0]), tf.constant([[1.0, -2.0]]), tf.constant(1.0), tf.constant(share))
    np.testing.assert_allclose(2 * half.numpy(), whole.numpy(), rtol=1e-6)
    for one, other in zip(*(optimizer.moments.values() for optimizer in optimizers), strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy())

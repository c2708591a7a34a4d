"""The optimizer of dense weights is Adam, whatever the number of variables."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from trainer.dense_adam import DenseAdam


def test_it_is_adam_over_each_variable() -> None:
    random = np.random.default_rng(1)
    shapes = [(3, 2), (), (4,)]
    initial = [random.normal(size=shape).astype(np.float32) for shape in shapes]
    ours, theirs = ([tf.Variable(values) for values in initial] for _ in range(2))
    dense, adam = DenseAdam(ours, 0.01), keras.optimizers.Adam(0.01)
    adam.build(theirs)
    for step in range(1, 6):
        gradients = [tf.constant(random.normal(size=shape), tf.float32) for shape in shapes]
        dense.apply(gradients, tf.constant(float(step)), tf.constant(1.0))
        adam.apply(gradients, theirs)
    for one, other in zip(ours, theirs, strict=True):
        assert one.numpy() == pytest.approx(other.numpy(), abs=1e-6)


def test_a_share_of_the_learning_rate_makes_a_step_as_much_shorter() -> None:
    whole, half = tf.Variable([1.0, -2.0]), tf.Variable([1.0, -2.0])
    for variable, share in ((whole, 1.0), (half, 0.5)):
        DenseAdam([variable], 0.1).apply([tf.constant([3.0, -1.0])], tf.constant(1.0), tf.constant(share))
    assert whole.numpy() == pytest.approx([0.9, -1.9], abs=1e-5)
    assert half.numpy() == pytest.approx([0.95, -1.95], abs=1e-5)

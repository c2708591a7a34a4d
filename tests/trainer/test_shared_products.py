"""Shared products give what convolutions give, forwards and backwards."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pytest
import tensorflow as tf

from trainer.shared_products import pooled, pooled_in_groups, pooled_of_row, products

pytestmark = pytest.mark.usefixtures("collective")

SIZE, FILTERS, WIDTHS, DISTINCT = 5, 4, (1, 2, 3, 5), 9


def plain(rows: tf.Tensor, places: np.ndarray, kernels: Sequence[tf.Tensor], biases: Sequence[tf.Tensor]) -> tf.Tensor:
    """The same by TensorFlow's convolution of every token's embedding."""
    inside = tf.cast(places != 0, tf.float32)[:, :, None]
    vectors = tf.gather(rows, places) * inside
    answers = []
    for kernel, bias in zip(kernels, biases, strict=True):
        behind = tf.pad(vectors, [[0, 0], [0, kernel.shape[0] - 1], [0, 0]])
        answer = tf.nn.relu(tf.nn.conv1d(behind, kernel, 1, "VALID") + bias) * inside
        answers.append(tf.reduce_max(answer, 1))
    return tf.concat(answers, 1)


@pytest.mark.parametrize("lengths", [[7, 3, 1, 0], [1], [2, 2], [0, 0], [*range(40)]])
def test_values_and_gradients_are_those_of_convolutions(lengths: list[int]) -> None:
    random = np.random.default_rng(sum(lengths))
    places = np.zeros((len(lengths), max(*lengths, 1)), np.int64)
    for document, length in zip(places, lengths, strict=True):
        document[:length] = random.integers(1, DISTINCT, length)
    values = [random.normal(size=(DISTINCT, SIZE))]
    values += [random.normal(size=(width, SIZE, FILTERS)) for width in WIDTHS]
    values += [random.normal(size=FILTERS) for _ in WIDTHS]
    rows, *weights = (tf.constant(value, tf.float32) for value in values)
    kernels, biases = weights[: len(WIDTHS)], weights[len(WIDTHS) :]
    upstream = random.normal(size=(len(lengths), FILTERS * len(WIDTHS))).astype(np.float32)
    found = []
    for compute in (pooled, pooled_in_groups, plain):
        with tf.GradientTape() as tape:
            tape.watch([rows, *weights])
            result = compute(rows, places, kernels, biases)
            total = tf.reduce_sum(result * upstream)
        gradients = tape.gradient(total, [rows, *weights])
        found.append([result.numpy(), *(tf.convert_to_tensor(gradient).numpy() for gradient in gradients)])
    lookups = [[partial(tf.gather, products(rows, of)) for of in tf.unstack(kernel)] for kernel in kernels]
    in_a_row = tf.RaggedTensor.from_row_lengths(places[places != 0], lengths)
    assert pooled_of_row(lookups, in_a_row, biases).numpy() == pytest.approx(found[-1][0], abs=1e-4)
    for shared, in_groups, expected in zip(*found, strict=True):
        assert shared == pytest.approx(expected, abs=1e-4)
        assert in_groups == pytest.approx(expected, abs=1e-4)

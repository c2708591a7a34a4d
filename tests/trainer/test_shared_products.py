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


def test_bfloat16_rounds_products_and_no_sums() -> None:
    random = np.random.default_rng(1)
    places = random.integers(1, DISTINCT, (50, 20))
    weights = [random.normal(size=shape).astype(np.float32) for shape in ((3, SIZE, FILTERS), (FILTERS,))]
    rows = random.normal(size=(DISTINCT, SIZE)).astype(np.float32)

    def gradient(precision: tf.DType) -> tuple[np.ndarray, np.ndarray]:
        with tf.GradientTape() as tape:
            kernel = tf.constant(weights[0])
            tape.watch(kernel)
            result = pooled(tf.constant(rows), places, [kernel], [tf.constant(weights[1])], precision)
        return result.numpy(), tape.gradient(result, kernel).numpy()

    (exact, of_exact), (rounded, of_rounded) = gradient(tf.float32), gradient(tf.bfloat16)
    assert 0 < np.abs(rounded - exact).max() < 0.1
    assert rounded.dtype == of_rounded.dtype == np.float32
    # A window that wins by a hair may be another one: that moves a gradient, but not far.
    assert np.vdot(of_rounded, of_exact) > 0.99 * np.linalg.norm(of_rounded) * np.linalg.norm(of_exact)

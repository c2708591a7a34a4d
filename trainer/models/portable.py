"""A model once more of Keras's own layers, which every back end of Keras has: TensorFlow, JAX, PyTorch, NumPy."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from text.vocabulary import PADDING

NEVER = -1e9
"""Added to what stands in the padding, so that it never wins."""


def embedded(table: Any, ids: keras.KerasTensor, name: str) -> keras.KerasTensor:
    """Returns the rows of tokens in a table, float32 [documents, tokens, columns]; those of the padding are zero."""
    rows = keras.ops.convert_to_numpy(table).copy()
    rows[PADDING] = 0
    return with_weights(keras.layers.Embedding(*rows.shape, name=name), (None, None), [rows])(ids)


def inside(ids: keras.KerasTensor) -> keras.KerasTensor:
    """Tells where documents have tokens, as 1, and where padding, as 0: float32 [documents, tokens, 1]."""
    return keras.ops.expand_dims(keras.ops.cast(keras.ops.not_equal(ids, PADDING), "float32"), -1)


def count(ids: keras.KerasTensor) -> keras.KerasTensor:
    """Returns the number of tokens of each document, at least 1: float32 [documents, 1]."""
    return keras.ops.maximum(keras.ops.sum(inside(ids), 1), 1.0)


def dense(layer: keras.layers.Dense, values: keras.KerasTensor, name: str) -> keras.KerasTensor:
    """Returns what a dense layer makes of values."""
    weights = layer.get_weights()
    copy = keras.layers.Dense(layer.units, layer.activation, name=name)
    return with_weights(copy, (*(None,) * (len(values.shape) - 1), len(weights[0])), weights)(values)


def biased(values: keras.KerasTensor, bias: Any, name: str) -> keras.KerasTensor:
    """Returns values with a bias added, [documents, classes]."""
    added = keras.ops.convert_to_numpy(bias)
    layer = keras.layers.Dense(len(added), name=name)
    return with_weights(layer, (None, len(added)), [np.eye(len(added), dtype=np.float32), added])(values)


def joined(values: Sequence[keras.KerasTensor]) -> keras.KerasTensor:
    """Returns features side by side."""
    return keras.ops.concatenate(list(values), -1)


def with_weights(layer: keras.Layer, shape: tuple[int | None, ...], weights: Sequence[np.ndarray]) -> keras.Layer:
    """Returns a layer, built for values of a shape, with some weights."""
    layer.build(shape)
    layer.set_weights(list(weights))
    return layer

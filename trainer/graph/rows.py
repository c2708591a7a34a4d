"""Rows of different lengths in a graph: ragged tensors that are right by how they are made.

To check them would take longer than to make them; and what TensorFlow derives of them by itself takes many operations,
of which each takes as long to start as to work on a short text.
"""

import tensorflow as tf

Flat = tuple[tf.Tensor, tf.Tensor, tf.Tensor]
"""Values, the row of each, and how many rows there are: what functions of a graph hand on to be derived but once."""


def ragged(values: tf.Tensor, row_of: tf.Tensor, rows: tf.Tensor) -> tf.RaggedTensor:
    """Returns values in rows.

    Args:
        values: [values].
        row_of: the row of each, in order, int64 [values].
        rows: how many there are, int64.
    """
    return tf.RaggedTensor.from_value_rowids(values, row_of, rows, validate=False)


def flat(of: tf.RaggedTensor) -> Flat:
    """Returns what `ragged` would make this of."""
    return of.flat_values, of.value_rowids(), of.nrows()


def lengths(of: tf.RaggedTensor) -> tf.Tensor:
    """Returns the number of values in each row, int64 [rows]."""
    one_each = tf.constant([], tf.int64)
    return tf.raw_ops.DenseBincount(input=of.value_rowids(), size=of.nrows(), weights=one_each)


def beginning(of: tf.RaggedTensor, kept: int) -> tf.RaggedTensor:
    """Returns so many values of each row, or all of them."""
    row_of = of.value_rowids()
    starts = tf.cumsum(lengths(of), exclusive=True)
    at = tf.where(tf.range(tf.size(row_of, tf.int64)) - tf.gather(starts, row_of) < kept)[:, 0]
    return ragged(tf.gather(of.flat_values, at), tf.gather(row_of, at), of.nrows())


def part(of: tf.RaggedTensor, start: tf.Tensor, stop: tf.Tensor) -> tf.RaggedTensor:
    """Returns some rows beside each other; start and stop are int64."""
    row_of = of.value_rowids()
    first, last = tf.unstack(tf.raw_ops.LowerBound(sorted_inputs=row_of[None], values=[[start, stop]])[0])
    return ragged(of.flat_values[first:last], row_of[first:last] - start, stop - start)


def without(values: tf.Tensor, padding: object) -> tf.RaggedTensor:
    """Returns rows as they were before they were filled up with something."""
    inside = tf.where(values != padding)
    return ragged(tf.gather_nd(values, inside), inside[:, 0], tf.shape(values, tf.int64)[0])


def neighbours(of: tf.RaggedTensor) -> tuple[tf.RaggedTensor, tf.RaggedTensor]:
    """Returns the first and the second of all values that stand beside each other."""
    row_of = of.value_rowids()
    first = tf.where(row_of[1:] == row_of[:-1])[:, 0]
    firsts = ragged(tf.gather(of.flat_values, first), tf.gather(row_of, first), of.nrows())
    return firsts, firsts.with_flat_values(tf.gather(of.flat_values, first + 1))

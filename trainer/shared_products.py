"""Convolutions over tokens with max-over-time pooling, where equal tokens of a batch share their products.

A convolution of width w over embeddings is a sum of w products, one for each position in the window, and the product of
a token's embedding with a filter's position is the same wherever the token stands. So the products are taken once for
each distinct token of a batch, a third of all or fewer, and gathered where the tokens stand. Backwards, max-over-time
pooling has one gradient for each document and filter, that of the window that won: those are scattered into the
gradient of the products, and nothing of the size [documents, tokens, filters] is needed again.
"""

from collections.abc import Callable, Sequence

import tensorflow as tf

_NEVER = -1e9
"""An answer in the padding, which never wins."""

Gradient = Callable[..., tuple[tf.Tensor, ...]]


def pooled(rows: tf.Tensor, places: tf.Tensor, kernels: Sequence[tf.Tensor], biases: Sequence[tf.Tensor]) -> tf.Tensor:
    """Returns the strongest answer of each filter to a window that starts at a token, rectified.

    A window that reaches over the end of its document sees zeros there; windows that start in the padding count for
    nothing. A document without tokens gets zeros.

    Args:
        rows: the embeddings of the distinct tokens, float32 [distinct, size]; the first is of the padding, and taken
            as zero.
        places: which of them stands where, int32 [documents, tokens], 0 in the padding; at least one column.
        kernels: of each width, float32 [width, size, filters].
        biases: of each width, float32 [filters].

    Returns:
        float32 [documents, filters of all widths].
    """
    widths = [kernel.shape[0] for kernel in kernels]

    @tf.custom_gradient
    def compute(rows: tf.Tensor, *weights: tf.Tensor) -> tuple[tf.Tensor, Gradient]:
        kernels, biases = weights[: len(widths)], weights[len(widths) :]
        flat = [_side_by_side(kernel) for kernel in kernels]
        inside = tf.concat([tf.zeros([1, 1]), tf.ones([tf.shape(rows)[0] - 1, 1])], 0)
        rows *= inside
        padding = (tf.cast(places == 0, rows.dtype) * _NEVER)[:, :, None]
        length = tf.shape(places)[1]
        ahead = tf.pad(places, [[0, 0], [0, max(widths) - 1]])
        answers, winners = [], []
        for width, kernel, bias in zip(widths, flat, biases, strict=True):
            products = tf.reshape(rows @ kernel, [-1, width, bias.shape[0]])
            answer = padding
            for position in range(width):
                answer += tf.gather(products[:, position], ahead[:, position : position + length])
            winner = tf.argmax(answer, 1, output_type=tf.int32)
            winners.append(winner)
            answers.append(tf.nn.relu(tf.reduce_max(answer, 1) + bias))
        result = tf.concat(answers, 1)

        def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, ...]:
            upstream *= tf.cast(result > 0, upstream.dtype)
            row_gradient = tf.zeros_like(rows)
            kernel_gradients, bias_gradients = [], []
            parts = tf.split(upstream, [bias.shape[0] for bias in biases], axis=1)
            for width, kernel, winner, part in zip(widths, flat, winners, parts, strict=True):
                scattered = _scattered(part, winner, ahead, width, tf.shape(rows)[0])
                row_gradient += tf.matmul(scattered, kernel, transpose_b=True)
                kernel_gradient = tf.matmul(rows, scattered, transpose_a=True)
                kernel_gradients.append(_back(kernel_gradient, width))
                bias_gradients.append(tf.reduce_sum(part, 0))
            return (row_gradient * inside, *kernel_gradients, *bias_gradients)

        return result, gradient

    return compute(rows, *kernels, *biases)


def _side_by_side(kernel: tf.Tensor) -> tf.Tensor:
    """[width, size, filters] as [size, width × filters]."""
    width, size, filters = kernel.shape
    return tf.reshape(tf.transpose(kernel, [1, 0, 2]), [size, width * filters])


def _back(flat: tf.Tensor, width: int) -> tf.Tensor:
    """The opposite of `_side_by_side`."""
    size, columns = flat.shape
    return tf.transpose(tf.reshape(flat, [size, width, columns // width]), [1, 0, 2])


def _scattered(gradient: tf.Tensor, winner: tf.Tensor, ahead: tf.Tensor, width: int, distinct: tf.Tensor) -> tf.Tensor:
    """Adds the gradient of each document and filter to the products of the window that won.

    Args:
        gradient: float32 [documents, filters].
        winner: where that window starts, int32 [documents, filters].
        ahead: which token stands where, int32 [documents, tokens and more].
        width: of the window.
        distinct: how many tokens there are.

    Returns:
        float32 [distinct, width × filters].
    """
    filters = gradient.shape[1]
    columns = width * filters
    indices = [
        tf.gather(ahead, winner + position, batch_dims=1) * columns + position * filters + tf.range(filters)
        for position in range(width)
    ]
    values = tf.tile(tf.reshape(gradient, [-1]), [width])
    summed = tf.math.unsorted_segment_sum(values, tf.reshape(tf.stack(indices), [-1]), distinct * columns)
    return tf.reshape(summed, [-1, columns])

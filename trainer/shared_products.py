"""Convolutions over tokens with max-over-time pooling, where equal tokens of a batch share their products.

A convolution of width w over embeddings is a sum of w products, one for each position in the window, and the product of
a token's embedding with a filter's position is the same wherever the token stands. So the products are taken once for
each distinct token of a batch, a third of all or fewer, and gathered where the tokens stand. Backwards, max-over-time
pooling has one gradient for each document and filter, that of the window that won: those are scattered into the
gradient of the products, and nothing of the size [documents, tokens, filters] is needed again.

What stands where is int64: TensorFlow keeps int32 in the memory of the CPU, and a GPU would have to wait for it.
"""

from collections.abc import Callable, Sequence

import tensorflow as tf

from trainer.graph.rows import lengths

_NEVER = -1e9
"""An answer in the padding, which never wins."""

GROUP = 16
"""Documents that are pooled at once where no gradient is wanted."""

Lookup = Callable[[tf.Tensor], tf.Tensor]
"""From indices to rows."""
Gradient = Callable[..., tuple[tf.Tensor, ...]]


def pooled(
    rows: tf.Tensor,
    places: tf.Tensor,
    kernels: Sequence[tf.Tensor],
    biases: Sequence[tf.Tensor],
    precision: tf.DType = tf.float32,
) -> tf.Tensor:
    """Returns the strongest answer of each filter to a window that starts at a token, rectified.

    A window that reaches over the end of its document sees zeros there; windows that start in the padding count for
    nothing. A document without tokens gets zeros.

    Args:
        rows: the embeddings of the distinct tokens, float32 [distinct, size]; the first is of the padding, and taken
            as zero.
        places: which of them stands where, int64 [documents, tokens], 0 in the padding; at least one column.
        kernels: of each width, float32 [width, size, filters].
        biases: of each width, float32 [filters].
        precision: to which factors and products of matrices are rounded; all sums are of float32.

    Returns:
        float32 [documents, filters of all widths].
    """
    return tf.custom_gradient(lambda *inputs: _pooled(places, *inputs, precision=precision))(rows, *kernels, *biases)


def pooled_in_groups(
    rows: tf.Tensor, places: tf.Tensor, kernels: Sequence[tf.Tensor], biases: Sequence[tf.Tensor]
) -> tf.Tensor:
    """Returns what `pooled` does, sooner where no gradient is wanted and documents are in the order of their length.

    What is between products and features is made for a few documents at a time: little of it is padding, and it stays
    in a core's cache. A gradient is that of `pooled`, which does the work again.
    """

    @tf.custom_gradient
    def compute(rows: tf.Tensor, *weights: tf.Tensor) -> tuple[tf.Tensor, Gradient]:
        kernels, biases = _halves(weights)
        products = [_products(_without_padding(rows), kernel) for kernel in kernels]
        ahead, lengths = _ahead(places, kernels), tf.math.count_nonzero(places, 1)

        def group(start: tf.Tensor, found: tf.TensorArray) -> tuple[tf.Tensor, tf.TensorArray]:
            some = slice(start, start + GROUP)
            answers = [_answers(of_width, ahead[some], tf.reduce_max(lengths[some])) for of_width in products]
            return start + GROUP, found.write(start // GROUP, _strongest(answers))

        features = sum(bias.shape[0] for bias in biases)
        found = tf.TensorArray(tf.float32, 0, dynamic_size=True, infer_shape=False, element_shape=[None, features])
        _, found = tf.while_loop(lambda start, _: start < tf.size(lengths), group, [0, found])
        return tf.nn.relu(found.concat() + tf.concat(biases, 0)), lambda g: _pooled(places, rows, *weights)[1](g)

    return compute(rows, *kernels, *biases)


def products(rows: tf.Tensor, vectors: tf.Tensor) -> tf.Tensor:
    """Returns what each token adds to the answer to a window at one position in it, float32 [distinct, filters].

    Args:
        rows: the embeddings of tokens, float32 [distinct, size]; the first is of the padding, and taken as zero.
        vectors: the filters at this position, float32 [size, filters].
    """
    return _without_padding(rows) @ vectors


def pooled_of_row(
    lookups: Sequence[Sequence[Lookup]], documents: tf.RaggedTensor, biases: Sequence[tf.Tensor]
) -> tf.Tensor:
    """Returns what `pooled` does, of documents in a row, without padding, and without a gradient.

    Args:
        lookups: for each width and position in its windows, what gives the products of some tokens.
        documents: token ids, of which 0 is the padding's, int [documents, (tokens)].
        biases: of each width, float32 [filters].
    """
    count = documents.nrows()
    # A last document, of padding alone, makes the others be there whether they have tokens or not.
    ids = tf.concat([documents.flat_values, [0]], 0)
    document = tf.concat([documents.value_rowids(), [count]], 0)

    def ahead(position: int) -> tf.Tensor:
        """The token so many places behind each one; after the end of its document, padding."""
        inside = document[position:] == document[: tf.size(document) - position]
        behind = tf.minimum(position, tf.size(ids))
        return tf.pad(tf.where(inside, ids[position:], 0), [[0, behind]]) if position else ids

    tokens = [ahead(position) for position in range(max(map(len, lookups)))]
    answers = [
        tf.math.segment_max(tf.add_n([of(at) for of, at in zip(of_width, tokens, strict=False)]), document)[:count]
        for of_width in lookups
    ]
    features = tf.nn.relu(tf.concat(answers, 1) + tf.concat(biases, 0))
    return tf.where(lengths(documents)[:, None] > 0, features, 0.0)


def _pooled(
    places: tf.Tensor, rows: tf.Tensor, *weights: tf.Tensor, precision: tf.DType = tf.float32
) -> tuple[tf.Tensor, Gradient]:
    """What `pooled` returns, and its gradient with respect to rows, kernels and biases."""
    kernels, biases = _halves(weights)
    rows = _without_padding(rows)
    ahead = _ahead(places, kernels)
    answers = [_answers(_products(rows, kernel, precision), ahead, tf.shape(places)[1]) for kernel in kernels]
    winners = [tf.argmax(of_width, 1) for of_width in answers]
    result = tf.nn.relu(_strongest(answers) + tf.concat(biases, 0))

    def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, ...]:
        upstream *= tf.cast(result > 0, upstream.dtype)
        row_gradient = tf.zeros_like(rows)
        kernel_gradients, bias_gradients = [], []
        parts = tf.split(upstream, [bias.shape[0] for bias in biases], axis=1)
        for kernel, winner, part in zip(kernels, winners, parts, strict=True):
            width = kernel.shape[0]
            scattered = _scattered(part, winner, ahead, width, tf.shape(rows)[0])
            row_gradient += _product(scattered, side_by_side(kernel), precision, transpose_b=True)
            kernel_gradient = _product(rows, scattered, precision, transpose_a=True)
            kernel_gradients.append(_back(kernel_gradient, width))
            bias_gradients.append(tf.reduce_sum(part, 0))
        return (_without_padding(row_gradient), *kernel_gradients, *bias_gradients)

    return result, gradient


def _halves(weights: Sequence[tf.Tensor]) -> tuple[Sequence[tf.Tensor], Sequence[tf.Tensor]]:
    """Kernels and biases."""
    return weights[: len(weights) // 2], weights[len(weights) // 2 :]


def _without_padding(rows: tf.Tensor) -> tf.Tensor:
    """The rows with zeros in the first, that of the padding."""
    return tf.tensor_scatter_nd_update(rows, [[0]], tf.zeros_like(rows[:1]))


def _ahead(places: tf.Tensor, kernels: Sequence[tf.Tensor]) -> tf.Tensor:
    """Which token stands where, with as much padding behind as windows reach over the end."""
    behind = tf.zeros([tf.shape(places)[0], max(kernel.shape[0] for kernel in kernels) - 1], places.dtype)
    return tf.concat([places, behind], 1)


def _product(a: tf.Tensor, b: tf.Tensor, precision: tf.DType, **transposed: bool) -> tf.Tensor:
    """Returns the product of two matrices, float32, rounded as the matrices are to a precision."""
    return tf.cast(tf.matmul(tf.cast(a, precision), tf.cast(b, precision), **transposed), tf.float32)


def _products(rows: tf.Tensor, kernel: tf.Tensor, precision: tf.DType = tf.float32) -> list[tf.Tensor]:
    """Returns what each token adds to the answer to a window at each position in it, float32 [distinct, filters].

    The first row is of the padding: no window that starts there wins.
    """
    first, *others = [_product(rows, kernel[position], precision) for position in range(kernel.shape[0])]
    return [tf.tensor_scatter_nd_update(first, [[0]], tf.fill([1, first.shape[1]], _NEVER)), *others]


def _answers(products: Sequence[tf.Tensor], ahead: tf.Tensor, length: tf.Tensor) -> tf.Tensor:
    """Returns the answers to the windows that start at the first tokens, float32 [documents, length, filters]."""
    return tf.add_n(
        [tf.gather(added, ahead[:, position : position + length]) for position, added in enumerate(products)]
    )


def _strongest(answers: Sequence[tf.Tensor]) -> tf.Tensor:
    """The maximum over time, float32 [documents, filters of all widths]."""
    return tf.concat([tf.reduce_max(of_width, 1) for of_width in answers], 1)


def side_by_side(kernel: tf.Tensor) -> tf.Tensor:
    """[width, size, filters] as [size, width × filters]."""
    width, size, filters = kernel.shape
    return tf.reshape(tf.transpose(kernel, [1, 0, 2]), [size, width * filters])


def _back(flat: tf.Tensor, width: int) -> tf.Tensor:
    """The opposite of `side_by_side`."""
    size, columns = flat.shape
    return tf.transpose(tf.reshape(flat, [size, width, columns // width]), [1, 0, 2])


def _scattered(gradient: tf.Tensor, winner: tf.Tensor, ahead: tf.Tensor, width: int, distinct: tf.Tensor) -> tf.Tensor:
    """Adds the gradient of each document and filter to the products of the window that won.

    Args:
        gradient: float32 [documents, filters].
        winner: where that window starts, int64 [documents, filters].
        ahead: which token stands where, int64 [documents, tokens and more].
        width: of the window.
        distinct: how many tokens there are.

    Returns:
        float32 [distinct, width × filters].
    """
    filters = gradient.shape[1]
    columns = width * filters
    indices = [
        tf.gather(ahead, winner + position, batch_dims=1) * columns
        + position * filters
        + tf.range(filters, dtype=tf.int64)
        for position in range(width)
    ]
    values = tf.tile(tf.reshape(gradient, [-1]), [width])
    summed = tf.math.unsorted_segment_sum(values, tf.reshape(tf.stack(indices), [-1]), distinct * columns)
    return tf.reshape(summed, [-1, columns])

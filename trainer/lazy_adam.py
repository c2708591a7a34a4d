"""Adam for the rows of a table that a step has touched."""

import tensorflow as tf

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-7
"""As Keras has them."""


class LazyAdam:
    """Adam (Kingma & Ba, 2015) that leaves rows without a gradient as they are: the lazy variant.

    Where every row has a gradient in every step it is Adam. A row that a step does not touch keeps its moments and
    does not move, while Adam would let it drift on. A step costs as much as it has distinct tokens, not as much
    as the vocabulary.
    """

    def __init__(self, table: tf.Variable, learning_rate: float):
        """Takes the table, [rows, columns], and makes room for its moments."""
        self._table = table
        self._learning_rate = learning_rate
        self._first = tf.Variable(tf.zeros_like(table), trainable=False)
        self._second = tf.Variable(tf.zeros_like(table), trainable=False)

    @property
    def moments(self) -> dict[str, tf.Variable]:
        """Its state besides the table, by name."""
        return {"first moments": self._first, "second moments": self._second}

    def apply(self, rows: tf.Tensor, gradients: tf.Tensor, step: tf.Tensor) -> None:
        """Updates some rows.

        Args:
            rows: their numbers, each once, int32 [touched].
            gradients: float32 [touched, columns].
            step: how many updates there are with this one, float32.
        """
        first = BETA_1 * tf.gather(self._first, rows) + (1 - BETA_1) * gradients
        second = BETA_2 * tf.gather(self._second, rows) + (1 - BETA_2) * tf.square(gradients)
        rate = self._learning_rate * tf.sqrt(1 - tf.pow(BETA_2, step)) / (1 - tf.pow(BETA_1, step))
        self._first.scatter_update(tf.IndexedSlices(first, rows))
        self._second.scatter_update(tf.IndexedSlices(second, rows))
        self._table.scatter_sub(tf.IndexedSlices(rate * first / (tf.sqrt(second) + EPSILON), rows))

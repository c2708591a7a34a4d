"""Optimizers for the rows of a table that a step has touched."""

from abc import ABC, abstractmethod

import tensorflow as tf

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-7
"""As Keras has them."""


def adam(
    first: tf.Tensor, second: tf.Tensor, gradients: tf.Tensor, rate: tf.Tensor, step: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Returns both moments after an update, and what is to be subtracted from the weights (Kingma & Ba, 2015).

    Args:
        first: moments before, float32 of the shape of the gradients.
        second: likewise.
        gradients: float32.
        rate: the learning rate, float32.
        step: how many updates there are with this one, float32.
    """
    first = BETA_1 * first + (1 - BETA_1) * gradients
    second = BETA_2 * second + (1 - BETA_2) * tf.square(gradients)
    rate = rate * tf.sqrt(1 - tf.pow(BETA_2, step)) / (1 - tf.pow(BETA_1, step))
    return first, second, rate * first / (tf.sqrt(second) + EPSILON)


class TableOptimizer(ABC):
    """Updates some rows of a table: a step costs as much as it has distinct tokens, not as much as the vocabulary."""

    def __init__(self, table: tf.Variable, learning_rate: float):
        """Takes the table, [rows, columns]."""
        self._table = table
        self._learning_rate = learning_rate

    @property
    @abstractmethod
    def moments(self) -> dict[str, tf.Variable]:
        """Its state besides the table, by name."""

    @abstractmethod
    def apply(self, rows: tf.Tensor, gradients: tf.Tensor, step: tf.Tensor, share: tf.Tensor) -> None:
        """Updates some rows.

        Args:
            rows: their numbers, each once, int [touched].
            gradients: float32 [touched, columns].
            step: how many updates there are with this one, float32.
            share: of the learning rate, float32.
        """

    def _beside(self) -> tf.Variable:
        """Room for a moment of each weight."""
        return tf.Variable(tf.zeros_like(self._table), trainable=False)


class LazyAdam(TableOptimizer):
    """Adam (Kingma & Ba, 2015) that leaves rows without a gradient as they are: the lazy variant.

    Where every row has a gradient in every step it is Adam. A row that a step does not touch keeps its moments and
    does not move, while Adam would let it drift on.
    """

    def __init__(self, table: tf.Variable, learning_rate: float):
        """Takes the table, [rows, columns], and makes room for its moments."""
        super().__init__(table, learning_rate)
        self._first, self._second = self._beside(), self._beside()

    @property
    def moments(self) -> dict[str, tf.Variable]:
        """Its state besides the table, by name."""
        return {"first moments": self._first, "second moments": self._second}

    def apply(self, rows: tf.Tensor, gradients: tf.Tensor, step: tf.Tensor, share: tf.Tensor) -> None:
        """Updates some rows; see `TableOptimizer`."""
        before = tf.gather(self._first, rows), tf.gather(self._second, rows)
        first, second, change = adam(*before, gradients, self._learning_rate * share, step)
        self._first.scatter_update(tf.IndexedSlices(first, rows))
        self._second.scatter_update(tf.IndexedSlices(second, rows))
        self._table.scatter_sub(tf.IndexedSlices(change, rows))


class Adagrad(TableOptimizer):
    """Adagrad (Duchi et al., 2011): large steps for what is rare, and smaller ones the more often it has come.

    Its first step for a weight is as long as the learning rate, whatever the gradient is.
    """

    def __init__(self, table: tf.Variable, learning_rate: float):
        """Takes the table, [rows, columns], and makes room for the sums of its squared gradients."""
        super().__init__(table, learning_rate)
        self._squares = self._beside()

    @property
    def moments(self) -> dict[str, tf.Variable]:
        """Its state besides the table, by name."""
        return {"squares": self._squares}

    def apply(
        self,
        rows: tf.Tensor,
        gradients: tf.Tensor,
        step: tf.Tensor,  # noqa: ARG002 - as others
        share: tf.Tensor,
    ) -> None:
        """Updates some rows; see `TableOptimizer`."""
        squares = tf.gather(self._squares, rows) + tf.square(gradients)
        self._squares.scatter_update(tf.IndexedSlices(squares, rows))
        change = self._learning_rate * share * gradients / (tf.sqrt(squares) + EPSILON)
        self._table.scatter_sub(tf.IndexedSlices(change, rows))

"""The optimizer of all weights that every step touches."""

from collections.abc import Sequence

import tensorflow as tf

from trainer.table_optimizers import adam


class DenseAdam:
    """Adam (Kingma & Ba, 2015) over several variables as one vector: a few operations, however many there are.

    Small variables take no time to compute, but each operation takes its time to be started, on a GPU above all.
    """

    def __init__(self, variables: Sequence[tf.Variable], learning_rate: float):
        """Takes the variables, float32, and makes room for their moments."""
        self._variables = list(variables)
        self._learning_rate = learning_rate
        self._sizes = [variable.shape.num_elements() for variable in self._variables]
        self._first, self._second = (tf.Variable(tf.zeros([sum(self._sizes)]), trainable=False) for _ in range(2))

    @property
    def moments(self) -> dict[str, tf.Variable]:
        """Its state besides the variables, by name."""
        return {"first moments": self._first, "second moments": self._second}

    def apply(self, gradients: Sequence[tf.Tensor], step: tf.Tensor, share: tf.Tensor) -> None:
        """Updates all variables.

        Args:
            gradients: of each variable, of its shape.
            step: how many updates there are with this one, float32.
            share: of the learning rate, float32.
        """
        gradient = tf.concat([tf.reshape(of_variable, [-1]) for of_variable in gradients], 0)
        first, second, change = adam(self._first, self._second, gradient, self._learning_rate * share, step)
        self._first.assign(first)
        self._second.assign(second)
        changes = tf.split(change, self._sizes)
        for variable, change in zip(self._variables, changes, strict=True):
            variable.assign_sub(tf.reshape(change, variable.shape))

"""Marks of which rows of a table some workers have, as small as a sum over all workers allows."""

import tensorflow as tf

_BITS = 31
"""Of an int32, without its sign."""


class Marks:
    """A counter of a few bits for each row, several side by side in an int32: added up, they tell who has a row.

    A counter is wide enough for all workers, so that none runs over into its neighbour.
    """

    def __init__(self, size: int, workers: int):
        """Takes the number of rows of the table, and that of the workers."""
        self._width = workers.bit_length()
        self._in_a_word = _BITS // self._width
        self.words = -(-size // self._in_a_word)
        """How many int32 marks are."""

    def of(self, rows: tf.Tensor) -> tf.Tensor:
        """Marks rows.

        Args:
            rows: their numbers, each once, int32 [rows].

        Returns:
            int32 [words].
        """
        words, places = rows // self._in_a_word, rows % self._in_a_word
        return tf.scatter_nd(words[:, None], tf.bitwise.left_shift(1, places * self._width), [self.words])

    def rows(self, marks: tf.Tensor) -> tf.Tensor:
        """Returns the rows that any worker has marked, in the order of their numbers, int64 [rows].

        Args:
            marks: of all workers, added up.
        """
        counters = tf.bitwise.right_shift(marks[:, None], tf.range(self._in_a_word) * self._width)
        found = tf.bitwise.bitwise_and(counters, (1 << self._width) - 1) > 0
        return tf.where(tf.reshape(found, [-1]))[:, 0]

"""Who keeps the others waiting: how long each worker works by itself between two exchanges.

A step lasts as long on every worker, since all wait for the slowest in the exchange. What differs is the time from
the end of an exchange until a worker has its own gradients: update, next batch, forward and backward pass.
"""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from run.events import Straggler
from trainer.place import Place

STRAGGLING = 2.0
"""A worker that takes so many times as long as the others keeps them waiting."""


class Pace:
    """The seconds of each worker, which travel with the sums of every step."""

    def __init__(self, place: Place, has_clock: bool = True):
        """Begins now. Without a clock, which TensorFlow has not where operations are deterministic, all are alike."""
        self._place = place
        self._has_clock = has_clock
        with tf.device("CPU:0"):
            self._exchanged = tf.Variable(self._now(), trainable=False)
            self._seconds = tf.Variable(tf.zeros([place.workers]), trainable=False)

    def begin(self) -> None:
        """Begins a row of steps: what was before it is no part of the first."""
        self._exchanged.assign(self._now())

    def alone(self, gradients: Sequence[tf.Tensor]) -> tf.Tensor:
        """Returns how long this worker has worked when it has its gradients, float32 [workers], 0 for the others."""
        with tf.control_dependencies(gradients), tf.device("CPU:0"):
            seconds = tf.cast(self._now() - self._exchanged, tf.float32)
        return seconds * tf.one_hot(self._place.worker, self._place.workers)

    def exchanged(self, seconds: tf.Tensor) -> None:
        """Takes what `alone` has returned, summed over the workers: this step's exchange has ended."""
        self._seconds.assign_add(seconds)
        with tf.control_dependencies([seconds]), tf.device("CPU:0"):
            self._exchanged.assign(self._now())

    def _now(self) -> tf.Tensor:
        return tf.timestamp() if self._has_clock else tf.zeros([], tf.float64)

    def straggler(self) -> Straggler | None:
        """Returns who has taken much longer than the others since this was asked last, if anybody has."""
        seconds = self._seconds.numpy()
        self._seconds.assign(tf.zeros_like(self._seconds))
        return straggler(seconds)


def straggler(seconds: np.ndarray) -> Straggler | None:
    """Returns the slowest worker, if it takes `STRAGGLING` times as long as the median of the others, or more.

    Args:
        seconds: of each worker, [workers].
    """
    slowest = int(seconds.argmax())
    others = np.delete(seconds, slowest)
    typical = float(np.median(others)) if len(others) else 0.0
    if typical <= 0.0 or seconds[slowest] < STRAGGLING * typical:
        return None
    return Straggler(slowest, round(float(seconds[slowest]) / typical, 2))

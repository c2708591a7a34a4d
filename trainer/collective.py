"""The workers as one: TensorFlow's strategy, and sums over all of them."""

import numpy as np
import tensorflow as tf

from trainer.place import Place


class Collective:
    """A worker's view of all of them."""

    def __init__(self, place: Place):
        """Joins the cluster. Must come before anything else of TensorFlow in this process."""
        self.place = place
        tf.config.threading.set_intra_op_parallelism_threads(place.cores)
        self.strategy = (
            tf.distribute.MultiWorkerMirroredStrategy() if place.workers > 1 else tf.distribute.get_strategy()
        )

    def sum(self, values: np.ndarray) -> np.ndarray:
        """Returns the element-wise sum of an array over all workers, in float64."""
        total = self._sum(tf.constant(values, tf.float64))
        return np.asarray(total)

    def gather(self, value: float) -> np.ndarray:
        """Returns every worker's value, float64 [workers]."""
        mine = np.zeros(self.place.workers)
        mine[self.place.worker] = value
        return self.sum(mine)

    @tf.function
    def _sum(self, values: tf.Tensor) -> tf.Tensor:
        return self.strategy.run(sum_over_replicas, args=(values,))


def sum_over_replicas(values: tf.Tensor) -> tf.Tensor:
    """Sums a tensor over all replicas; to be called inside `strategy.run`."""
    # A value from outside has no device yet, and the sum is put where its value is: identity gives it the replica's.
    return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, tf.identity(values))

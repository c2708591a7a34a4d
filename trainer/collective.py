"""The workers as one: TensorFlow's strategy, and sums over all of them."""

from typing import TypeVar

import numpy as np
import tensorflow as tf

from trainer.place import Place

Values = TypeVar("Values")
"""A tensor, or lists, tuples and dictionaries of them."""


class Collective:
    """A worker's view of all of them."""

    rank: int
    """What gives a worker its own random numbers and its part of each batch."""

    def __init__(self, place: Place):
        """Joins the cluster. Must come before anything else of TensorFlow in this process."""
        self.place = place
        tf.config.threading.set_intra_op_parallelism_threads(place.cores)
        self.strategy = _all_workers(place) if place.workers > 1 else tf.distribute.get_strategy()
        self.rank = place.worker

    def rank_by(self, value: float) -> None:
        """Ranks the workers by their values, equal ones by their numbers; every worker must call it."""
        self.rank = int(np.argsort(np.argsort(self.gather(value), kind="stable"))[self.place.worker])

    def sum(self, values: np.ndarray) -> np.ndarray:
        """Returns the element-wise sum of an array over all workers, in float64."""
        if not values.size:
            return values.astype(np.float64)  # the workers' processes would die of a sum of nothing
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


def _all_workers(place: Place) -> tf.distribute.Strategy:
    kinds = tf.distribute.experimental.CommunicationImplementation
    options = tf.distribute.experimental.CommunicationOptions(implementation=kinds.NCCL if place.gpus else kinds.AUTO)
    return tf.distribute.MultiWorkerMirroredStrategy(communication_options=options)


def sum_over_replicas(values: Values) -> Values:
    """Sums a tensor, or each of several, over all replicas; to be called inside `strategy.run`."""
    # A value from outside has no device yet, and the sum is put where its value is: identity gives it the replica's.
    values = tf.nest.map_structure(tf.identity, values)
    return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, values)


def summed_rows(rows: tf.Tensor, values: tf.Tensor, workers: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Sums rows of a sparse matrix over all replicas, exchanging only the rows that there are.

    Args:
        rows: numbers of the rows, each once in a replica, [rows here].
        values: [rows here, columns].
        workers: how many replicas there are; one has nothing to exchange.

    Returns:
        The rows of all replicas, each once, and their sums.
    """
    if workers == 1:
        return rows, values
    replica = tf.distribute.get_replica_context()
    rows, places = tf.unique(replica.all_gather(rows, axis=0))
    values = replica.all_gather(values, axis=0)
    return rows, tf.math.unsorted_segment_sum(values, places, tf.size(rows))

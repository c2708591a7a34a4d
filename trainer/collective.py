"""The workers as one: TensorFlow's strategy, and sums over all of them."""

from collections.abc import Mapping
from typing import TypeVar

import numpy as np
import tensorflow as tf

from run.config import View
from trainer.marks import Marks
from trainer.place import Place

Values = TypeVar("Values")
"""A tensor, or lists, tuples and dictionaries of them."""


class Collective:
    """A worker's view of all of them."""

    rank: int
    """What gives a worker its own random numbers and its part of each batch."""

    def __init__(self, place: Place, deterministic: bool = False):
        """Joins the cluster. Must come before anything else of TensorFlow in this process.

        Args:
            place: which of the workers this is.
            deterministic: whether equal shares of documents give equal sums to the bit, whichever worker has which of
                them, and operations equal results; both take longer.
        """
        self.place = place
        if deterministic:
            tf.config.experimental.enable_op_determinism()
        self._by_rank = deterministic and place.workers > 1
        tf.config.threading.set_intra_op_parallelism_threads(place.cores)
        self.strategy = _all_workers(place) if place.workers > 1 else tf.distribute.get_strategy()
        self.rank = place.worker
        with tf.device("CPU:0"):
            self._order = tf.Variable(tf.range(place.workers), trainable=False)

    def rank_by(self, value: float) -> None:
        """Ranks the workers by their values, equal ones by their numbers; every worker must call it."""
        order = np.argsort(self.gather(value), kind="stable")
        self.rank = int(np.argsort(order)[self.place.worker])
        self._order.assign(order)

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
        return self.strategy.run(self.sum_over_replicas, args=(values,))

    def sum_over_replicas(self, values: Values) -> Values:
        """Sums a tensor, or each of several, over all replicas; to be called inside `strategy.run`."""
        # A value from outside has no device yet, and the sum is put where its value is: identity gives it the
        # replica's.
        values = tf.nest.map_structure(tf.identity, values)
        return self._added_by_rank(values) if self._by_rank else _all_reduced(values)

    def union(self, rows: Mapping[View, tf.Tensor], sizes: Mapping[View, int]) -> dict[View, tf.Tensor]:
        """Returns the rows that any replica has, each once; to be called inside `strategy.run`.

        Every replica marks its rows among all that there could be, and the marks are summed: what is sent does not grow
        with the number of workers.

        Args:
            rows: numbers of rows of each view's tables, each once in a replica, int32 [rows here].
            sizes: how many rows these tables have.

        Returns:
            int [rows of all replicas], in the order of their numbers if there are several replicas.
        """
        if self.place.workers == 1:
            return dict(rows)
        marks = {view: Marks(sizes[view], self.place.workers) for view in rows}
        summed = _all_reduced({view: marks[view].of(of_view) for view, of_view in rows.items()})
        return {view: marks[view].rows(of_view) for view, of_view in summed.items()}

    def among(self, of_all: tf.Tensor, rows: tf.Tensor, values: tf.Tensor) -> tf.Tensor:
        """Returns this replica's values in their places among the rows of all replicas, and zeros in the others'.

        Args:
            of_all: what `union` has returned for the rows.
            rows: numbers of this replica's rows.
            values: float32 [rows here, columns].

        Returns:
            float32 [rows of all replicas, columns].
        """
        if self.place.workers == 1:
            return values
        places = tf.searchsorted(of_all, tf.cast(rows, of_all.dtype))
        return tf.scatter_nd(places[:, None], values, [tf.size(of_all), values.shape[1]])

    def _added_by_rank(self, values: Values) -> Values:
        """Sums in the order of the ranks: where three are added, another order may give another last bit."""
        flat = tf.nest.flatten(values)
        own = tf.concat([tf.reshape(value, [1, -1]) for value in flat], 1)
        of_all = tf.distribute.get_replica_context().all_gather(own, axis=0)
        summed = tf.add_n(tf.unstack(tf.gather(of_all, self._order), self.place.workers))
        parts = tf.split(summed, [tf.size(value) for value in flat], num=len(flat))
        return tf.nest.pack_sequence_as(values, [tf.reshape(p, tf.shape(v)) for p, v in zip(parts, flat, strict=True)])


def _all_reduced(values: Values) -> Values:
    return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, values)


def _all_workers(place: Place) -> tf.distribute.Strategy:
    kinds = tf.distribute.experimental.CommunicationImplementation
    options = tf.distribute.experimental.CommunicationOptions(implementation=kinds.NCCL if place.gpus else kinds.AUTO)
    return tf.distribute.MultiWorkerMirroredStrategy(communication_options=options)

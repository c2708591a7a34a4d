"""One step of training, the same on one worker as on many, and evaluation."""

from collections.abc import Mapping

import keras
import numpy as np
import tensorflow as tf

from run.config import ModelConfig, TrainConfig, View
from run.metrics import Evaluation
from trainer.batches import Batch
from trainer.collective import Collective, sum_over_replicas, summed_rows
from trainer.judging import evaluated
from trainer.lazy_adam import LazyAdam
from trainer.model import Table, TextCNN, distinct
from trainer.spool import Share

_LABELS = tf.TensorSpec([None], tf.int32)
_WEIGHTS = tf.TensorSpec([None], tf.float32)
_COUNTER = tf.TensorSpec([], tf.int32)

WIDE_RATE = 3.0
"""How much faster the linear part learns: its tokens are rare, and it begins at zero."""


class ReplicatedModel:
    """A model whose weights are the same on all workers after every step.

    The loss is the mean over the documents of all workers, weighted; an example of no weight changes nothing.
    So N workers with batches of B follow one worker with batches of N·B, whatever each of them has.
    """

    def __init__(
        self,
        model: ModelConfig,
        train: TrainConfig,
        sizes: Mapping[View, int],
        classes: int,
        collective: Collective,
    ):
        """Builds model and optimizers, equal on every worker."""
        self.collective = collective
        self.sizes = dict(sizes)
        self.classes = classes
        self._seed = train.seed
        self._smoothing = train.label_smoothing
        # No variable belongs to the strategy: equal seeds and equal sums keep the workers' weights equal.
        self.model = TextCNN(model, sizes, classes, train.seed)
        self._tables = self.model.tables
        tables = {id(table) for table in self._tables.values()}
        self._dense = [v.value for v in self.model.trainable_variables if id(v.value) not in tables]
        self._table_optimizers = {
            name: LazyAdam(table, train.learning_rate * (WIDE_RATE if name.part == "wide" else 1.0))
            for name, table in self._tables.items()
        }
        self._optimizer = keras.optimizers.Adam(train.learning_rate)
        self._optimizer.build(self._dense)
        ids = {view: tf.TensorSpec([None, None], tf.int32) for view in sizes}
        self._train = tf.function(self._step, input_signature=[ids, _LABELS, _WEIGHTS, _COUNTER])
        self._infer = tf.function(self.model.call, input_signature=[ids])

    def train(self, batch: Batch, step: int) -> tuple[tf.Tensor, tf.Tensor]:
        """Trains on each worker's batch.

        Args:
            batch: this worker's documents, at least one column.
            step: how many steps there were before; gives each its own dropout.

        Returns:
            The summed loss and the summed weight over all workers, float32 scalars still on the device.
        """
        return self._train(dict(batch.ids), batch.labels, batch.weights, step)

    def _step(
        self, ids: dict[View, tf.Tensor], labels: tf.Tensor, weights: tf.Tensor, step: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        tokens, row_gradients, dense_gradients, loss, weight = self.collective.strategy.run(
            self._summed_gradients, args=(ids, labels, weights, step)
        )
        number = tf.cast(self._optimizer.iterations + 1, tf.float32)
        for name, optimizer in self._table_optimizers.items():
            optimizer.apply(tokens[name], row_gradients[name] / weight, number)
        self._optimizer.apply([gradient / weight for gradient in dense_gradients], self._dense)
        return loss, weight

    def _summed_gradients(
        self, ids: dict[View, tf.Tensor], labels: tf.Tensor, weights: tf.Tensor, step: tf.Tensor
    ) -> tuple[dict[Table, tf.Tensor], dict[Table, tf.Tensor], list[tf.Tensor], tf.Tensor, tf.Tensor]:
        """Returns distinct tokens, their gradients, the other gradients, loss and weight: sums over all workers."""
        place = self.collective.place
        dropout_seed = tf.stack([tf.constant(self._seed, tf.int32), step * place.workers + place.worker])
        found = {view: distinct(of_view) for view, of_view in ids.items()}
        tokens = {name: found[name.view][0] for name in self._tables}
        rows = {name: tf.gather(table, tokens[name]) for name, table in self._tables.items()}
        with tf.GradientTape() as tape:
            tape.watch(rows)
            logits = self.model.classify(rows, {view: places for view, (_, places) in found.items()}, dropout_seed)
            losses = tf.nn.softmax_cross_entropy_with_logits(self._targets(labels), logits)
            loss = tf.reduce_sum(losses * weights)
        # A model without deep views does not use its dense layer's kernel.
        zero = tf.UnconnectedGradients.ZERO
        row_gradients, dense_gradients = tape.gradient(loss, (rows, self._dense), unconnected_gradients=zero)
        for name, gradient in row_gradients.items():
            values = tf.convert_to_tensor(gradient)
            tokens[name], row_gradients[name] = summed_rows(tokens[name], values, place.workers)
        *dense_gradients, loss, weight = sum_over_replicas([*dense_gradients, loss, tf.reduce_sum(weights)])
        return tokens, row_gradients, dense_gradients, loss, weight

    def _targets(self, labels: tf.Tensor) -> tf.Tensor:
        """Smoothed labels, float32 [documents, classes]."""
        return tf.one_hot(labels, self.classes) * (1 - self._smoothing) + self._smoothing / self.classes

    def evaluate(self, share: Share) -> Evaluation:
        """Evaluates all workers' shares together; every worker must call it, and gets the same answer."""
        return evaluated(lambda ids: self._infer(dict(ids)).numpy(), share, self.classes, self.collective)

    def weights(self) -> list[np.ndarray]:
        """Returns a copy of all weights."""
        return [np.array(w) for w in self.model.get_weights()]

    def restore(self, weights: list[np.ndarray]) -> None:
        """Sets all weights."""
        self.model.set_weights(weights)

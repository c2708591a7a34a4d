"""One step of training, the same on one worker as on many, and evaluation."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from run.config import ModelConfig, TrainConfig, View
from run.metrics import Evaluation
from text.vectors import WordVectors
from trainer.batches import Batch
from trainer.collective import Collective
from trainer.dense_adam import DenseAdam
from trainer.judging import evaluated
from trainer.liveness import progress
from trainer.models.build import networks
from trainer.models.network import Network, another, distinct
from trainer.pace import Pace
from trainer.spool import Share

_LABELS = tf.TensorSpec([None], tf.int32)
_WEIGHTS = tf.TensorSpec([None], tf.float32)
_COUNTER = tf.TensorSpec([], tf.int32)
_SHARE = tf.TensorSpec([], tf.float32)

Weights = list[np.ndarray]
"""Of one network."""


class Table(NamedTuple):
    """The name of a table: of which network, for which view."""

    network: str
    view: View


class _Sums(NamedTuple):
    """What comes of a step's batches, summed over all workers."""

    tokens: dict[View, tf.Tensor]
    """The distinct ones, int [distinct]."""
    row_gradients: dict[Table, tf.Tensor]
    """Those of the tokens' rows, float32 [distinct, columns]."""
    dense_gradients: dict[str, list[tf.Tensor]]
    """Those of each network's other weights."""
    loss: tf.Tensor
    weight: tf.Tensor
    seconds: tf.Tensor
    """What each worker took by itself, float32 [workers]."""


def copied(network: Network) -> Weights:
    """Returns a copy of a network's weights."""
    return [np.array(w) for w in network.get_weights()]


class ReplicatedModel:
    """Networks that are trained side by side, and whose weights are the same on all workers after every step.

    Each has its own loss, so that none learns from another. A loss is the mean over the documents of all workers,
    weighted; an example of no weight changes nothing. So N workers with batches of B follow one worker with batches
    of N·B, whatever each of them has.
    """

    def __init__(
        self,
        model: ModelConfig,
        train: TrainConfig,
        sizes: Mapping[View, int],
        classes: int,
        collective: Collective,
    ):
        """Builds networks and optimizers, equal on every worker."""
        self.collective = collective
        self.sizes = dict(sizes)
        self.classes = classes
        self._seed = train.seed
        self._smoothing = train.label_smoothing
        self._class_weights = tf.Variable(tf.ones([classes]), trainable=False)
        # No variable belongs to the strategy: equal seeds and equal sums keep the workers' weights equal.
        self.networks = networks(model, sizes, classes, train.seed)
        named = self.networks.items()
        self.tables = {Table(name, view): table for name, network in named for view, table in network.tables.items()}
        tables = {id(table) for table in self.tables.values()}
        trainable = {name: [v.value for v in network.trainable_variables] for name, network in named}
        self._dense = {name: [v for v in of if id(v) not in tables] for name, of in trainable.items()}
        self._clip_norm = train.clip_norm
        self._table_optimizers = {
            name: network.optimizer(table, train.learning_rate * network.rate)
            for name, table in self.tables.items()
            for network in [self.networks[name.network]]
        }
        self._dense_optimizer = DenseAdam(_all(self._dense), train.learning_rate)
        self._state = self._changing()
        self.pace = Pace(collective.place, has_clock=not train.deterministic)
        ids = {view: tf.TensorSpec([None, None], tf.int32) for view in sizes}
        signature = [ids, _LABELS, _WEIGHTS, _COUNTER, _SHARE]
        self._train = tf.function(self._step, input_signature=signature, autograph=False)
        self._infer = tf.function(self._logits, input_signature=[ids], autograph=False)

    def embed(self, vectors: WordVectors) -> None:
        """Lets the embeddings of words begin with vectors that were trained elsewhere."""
        for name, table in self.tables.items():
            if name.view == "word" and self.networks[name.network].embeds:
                table.scatter_update(tf.IndexedSlices(vectors.values, vectors.ids))

    def balance(self, documents: np.ndarray) -> None:
        """Lets the documents of each class together count as much as those of another; their mean weight is 1.

        Args:
            documents: how many of all workers have each class, [classes].
        """
        present = np.count_nonzero(documents)
        self._class_weights.assign(documents.sum() / (present * np.maximum(documents, 1)))

    def train(self, batch: Batch, step: int, share: float = 1.0) -> tuple[tf.Tensor, tf.Tensor]:
        """Trains on each worker's batch.

        Args:
            batch: this worker's documents, at least one column.
            step: how many steps there are with this one, at least 1; gives each its own dropout.
            share: of the learning rate, the same on every worker.

        Returns:
            The summed loss, of the mean network, and the summed weight over all workers, float32 scalars still on the
            device.
        """
        progress.beat()
        return self._train(dict(batch.ids), batch.labels, batch.weights, step, share)

    def _step(
        self, ids: dict[View, tf.Tensor], labels: tf.Tensor, weights: tf.Tensor, step: tf.Tensor, share: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        sums = self.collective.strategy.run(self._summed_gradients, args=(ids, labels, weights, step))
        self.pace.exchanged(sums.seconds)
        row_gradients = {name: of_rows / sums.weight for name, of_rows in sums.row_gradients.items()}
        dense_gradients = {name: [one / sums.weight for one in of] for name, of in sums.dense_gradients.items()}
        if self._clip_norm is not None:
            row_gradients, dense_gradients = _clipped(row_gradients, dense_gradients, self._clip_norm)
        number = tf.cast(step, tf.float32)
        for name, optimizer in self._table_optimizers.items():
            optimizer.apply(sums.tokens[name.view], row_gradients[name], number, share)
        self._dense_optimizer.apply(_all(dense_gradients), number, share)
        return sums.loss / len(self.networks), sums.weight

    def _summed_gradients(
        self, ids: dict[View, tf.Tensor], labels: tf.Tensor, weights: tf.Tensor, step: tf.Tensor
    ) -> _Sums:
        """Returns what the workers have found in their batches, summed over all of them."""
        place = self.collective.place
        dropout_seed = tf.stack([tf.constant(self._seed, tf.int32), step * place.workers + self.collective.rank])
        found = {view: distinct(of_view) for view, of_view in ids.items()}
        own_tokens = {view: of_view for view, (of_view, _) in found.items()}
        places = {view: of_view for view, (_, of_view) in found.items()}
        tokens = self.collective.union(own_tokens, self.sizes)
        rows = {name: tf.gather(table, own_tokens[name.view]) for name, table in self.tables.items()}
        counted = weights * tf.gather(self._class_weights, labels)
        with tf.GradientTape() as tape:
            tape.watch(rows)
            loss = tf.zeros([])
            for number, (network, model) in enumerate(self.networks.items()):
                of_network = {name.view: r for name, r in rows.items() if name.network == network}
                logits = model.classify(of_network, places, another(dropout_seed, 1_000 * number))
                losses = tf.nn.softmax_cross_entropy_with_logits(self._targets(labels), logits)
                loss += tf.reduce_sum(losses * counted)
        own_gradients, dense_gradients = tape.gradient(loss, (rows, self._dense))
        own_gradients = {name: tf.convert_to_tensor(of_rows) for name, of_rows in own_gradients.items()}
        seconds = self.pace.alone([*own_gradients.values(), *_all(dense_gradients)])
        row_gradients = {
            name: self.collective.among(tokens[name.view], own_tokens[name.view], of_rows)
            for name, of_rows in own_gradients.items()
        }
        own = (row_gradients, dense_gradients, loss, tf.reduce_sum(weights), seconds)
        return _Sums(tokens, *self.collective.sum_over_replicas(own))

    def _targets(self, labels: tf.Tensor) -> tf.Tensor:
        """Smoothed labels, float32 [documents, classes]."""
        return tf.one_hot(labels, self.classes) * (1 - self._smoothing) + self._smoothing / self.classes

    def _logits(self, ids: dict[View, tf.Tensor]) -> tf.Tensor:
        """Log-probabilities of each network and of their mean, float32 [documents, networks + 1, classes]."""
        each = [tf.nn.log_softmax(network.call(ids)) for network in self.networks.values()]
        return tf.stack([*each, tf.add_n(each) / len(each)], 1)

    def evaluate(self, share: Share) -> tuple[list[Evaluation], Evaluation]:
        """Evaluates all workers' shares, of each network and of all together.

        Every worker must call it, and gets the same answer.
        """
        *each, together = evaluated(
            lambda ids: self._infer(dict(ids)).numpy(), share, len(self.networks) + 1, self.classes, self.collective
        )
        return each, together

    def _changing(self) -> dict[str, tf.Variable]:
        """All variables that a step changes, by name."""
        found: dict[str, tf.Variable] = {}
        for name, network in self.networks.items():
            found |= {f"{name}/weights {number}": weights.value for number, weights in enumerate(network.weights)}
        for table, optimizer in self._table_optimizers.items():
            found |= {f"{table.network}/{table.view} {moment}": of for moment, of in optimizer.moments.items()}
        return found | {f"dense {moment}": of for moment, of in self._dense_optimizer.moments.items()}

    def state(self) -> dict[str, np.ndarray]:
        """Returns a copy of all that a step changes, by name: weights and the optimizers' moments."""
        return {name: variable.numpy().copy() for name, variable in self._state.items()}

    def set_state(self, state: Mapping[str, np.ndarray]) -> None:
        """Sets what `state` has returned."""
        for name, variable in self._state.items():
            variable.assign(state[name])

    def weights(self) -> list[Weights]:
        """Returns a copy of each network's weights."""
        return [copied(network) for network in self.networks.values()]

    def restore(self, weights: list[Weights]) -> None:
        """Sets each network's weights."""
        for network, of_network in zip(self.networks.values(), weights, strict=True):
            network.set_weights(of_network)


def _all(of_networks: Mapping[str, list[tf.Tensor]]) -> list[tf.Tensor]:
    """One network's after the other's."""
    return [tensor for of_network in of_networks.values() for tensor in of_network]


def _clipped(
    rows: Mapping[Table, tf.Tensor], dense: Mapping[str, list[tf.Tensor]], norm: float
) -> tuple[dict[Table, tf.Tensor], dict[str, list[tf.Tensor]]]:
    """Shortens the gradient of each network, over its tables and its other weights, to a norm where it is longer.

    Of sums over all workers, in which a token has one row, that is the norm of the whole gradient, on every worker the
    same.
    Source: R. Pascanu et al., On the difficulty of training recurrent neural networks, ICML 2013, arXiv:1211.5063.

    Args:
        rows: gradients of each table's rows, float32 [touched, columns].
        dense: of each network, those of its other weights.
        norm: the largest.
    """
    clipped_rows, clipped_dense = dict(rows), dict(dense)
    for network, of_network in dense.items():
        names = [name for name in rows if name.network == network]
        shortened, _ = tf.clip_by_global_norm([*(rows[name] for name in names), *of_network], norm)
        clipped_rows |= zip(names, shortened, strict=False)
        clipped_dense[network] = shortened[len(names) :]
    return clipped_rows, clipped_dense

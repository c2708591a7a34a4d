"""What a run publishes: the networks and naive Bayes, their log-probabilities weighted and added."""

from collections.abc import Callable, Mapping
from functools import cached_property

import keras
import numpy as np
import tensorflow as tf

from run.config import View
from text.vocabulary import PADDING
from trainer.collective import Collective
from trainer.computed_table import ComputedTable
from trainer.models.network import Network, distinct
from trainer.naive_bayes import NaiveBayes

NAIVE_BAYES = "naive Bayes"
RIDGE = 1.0
"""How strongly the weights are held to those of the networks' mean, in validation documents."""
ITERATIONS = 50
SMALL = 1e-6


class Mixture(tf.Module):
    """A log-linear mixture of the networks' answers and naive Bayes', with a weight for each."""

    def __init__(self, networks: Mapping[str, Network], bayes: NaiveBayes, weights: np.ndarray | None = None):
        """Takes its members; the weights are those of the networks' mean until they are fitted."""
        super().__init__(name="mixture")
        self.networks = dict(networks)
        self.bayes = bayes
        self.weights = tf.Variable(
            mean_of_networks(len(networks) + 1) if weights is None else weights, trainable=False, dtype=tf.float32
        )

    @property
    def names(self) -> list[str]:
        """The members' names, in the order of their weights."""
        return [*self.networks, NAIVE_BAYES]

    @property
    def _all(self) -> list[Network | NaiveBayes]:
        return [*self.networks.values(), self.bayes]

    def members(self, ids: Mapping[View, tf.Tensor]) -> tf.Tensor:
        """Returns the log-probabilities of each member, float32 [documents, members, classes]."""
        found = {view: distinct(of_view) for view, of_view in ids.items()}
        places = {view: of_view for view, (_, of_view) in found.items()}
        return self._classified(self._rows({view: tokens for view, (tokens, _) in found.items()}), places)

    @cached_property
    def traced_members(self) -> Callable[[Mapping[View, tf.Tensor]], tf.Tensor]:
        """What `members` does, in a graph that is built once, however many ask."""
        views = dict.fromkeys(view for member in self._all for view in member.tables)
        ids = {view: tf.TensorSpec([None, None], tf.int32) for view in views}
        graph: Callable[[Mapping[View, tf.Tensor]], tf.Tensor] = tf.function(
            self.members, input_signature=[ids], autograph=False
        )
        return graph

    def __call__(self, ids: Mapping[View, tf.Tensor]) -> tf.Tensor:
        """Returns logits, float32 [documents, classes]."""
        return self.mixed(self.members(ids))

    def mixed(self, members: tf.Tensor) -> tf.Tensor:
        """Returns the logits that the answers of the members make together."""
        return tf.einsum("dmc,m->dc", members, self.weights)

    def freeze(self) -> list[ComputedTable]:
        """Lets the networks answer from tables; see `Network`."""
        return [table for name, network in self.networks.items() for table in network.freeze(name)]

    def answer(self, documents: Mapping[View, tf.RaggedTensor]) -> tf.Tensor:
        """Returns logits when nobody trains any more; see `Network`."""
        members = [tf.nn.log_softmax(member.answer(documents)) for member in self._all]
        return tf.einsum("mdc,m->dc", tf.stack(members), self.weights)

    def portable(self) -> keras.Model:
        """Returns it once more of Keras's own layers, which every back end of Keras loads.

        Takes token ids of each view, int32 [documents, tokens], 0 where a document has ended, at least one column;
        gives probabilities, float32 [documents, classes].
        """
        views = dict.fromkeys(view for member in self._all for view in member.tables)
        ids = {view: keras.Input((None,), dtype="int32", name=view) for view in views}
        members = zip(self.names, self._all, self.weights.numpy().tolist(), strict=True)
        weighted = [
            weight * keras.ops.log_softmax(member.portable(ids, name.replace(" ", "_")), -1)
            for name, member, weight in members
        ]
        return keras.Model(ids, keras.ops.softmax(sum(weighted), -1), name="mixture")

    def contributions(self, ids: Mapping[View, tf.Tensor]) -> dict[View, tf.Tensor]:
        """Returns how much each token speaks for the class that wins, of each view float32 [documents, tokens].

        It is the derivative of the winner's lead over the mean of all classes by the token's rows, times these rows:
        for naive Bayes and logistic regression exactly what the token adds, for a network of filters what the windows
        add that won the pooling.
        Source: J. Li et al., Visualizing and Understanding Neural Models in NLP, NAACL 2016, arXiv:1506.01066.
        """
        # Each place has a row of its own here, so that the same token can say different things in different places.
        tokens = {view: tf.concat([[PADDING], tf.reshape(of_view, [-1])], 0) for view, of_view in ids.items()}
        places = {view: tf.where(of_view != PADDING, _numbered(of_view) + 1, 0) for view, of_view in ids.items()}
        rows = self._rows(tokens)
        with tf.GradientTape() as tape:
            tape.watch(rows)
            logits = self.mixed(self._classified(rows, places))
            winner = tf.gather(logits, tf.argmax(logits, 1), batch_dims=1)
            lead = winner - tf.reduce_mean(logits, 1)
        gradients = tape.gradient(lead, rows)
        added = dict.fromkeys(ids, tf.zeros([]))
        for of_member, by_member in zip(rows, gradients, strict=True):
            for view, row in of_member.items():
                added[view] += tf.reduce_sum(row * by_member[view], 1)[1:]
        return {view: tf.reshape(of_view, tf.shape(ids[view])) for view, of_view in added.items()}

    def _rows(self, tokens: Mapping[View, tf.Tensor]) -> list[dict[View, tf.Tensor]]:
        """The rows of some tokens of each view in the tables of each member."""
        return [{view: tf.gather(table, tokens[view]) for view, table in member.tables.items()} for member in self._all]

    def _classified(self, rows: list[dict[View, tf.Tensor]], places: Mapping[View, tf.Tensor]) -> tf.Tensor:
        """The log-probabilities of each member, float32 [documents, members, classes]."""
        members = zip(self._all, rows, strict=True)
        return tf.stack([tf.nn.log_softmax(member.classify(r, places)) for member, r in members], 1)


def mean_of_networks(members: int) -> np.ndarray:
    """Returns weights that leave out the last member, float64 [members]."""
    return np.append(np.full(members - 1, 1 / (members - 1)), 0.0)


def fitted(members: np.ndarray, labels: np.ndarray, collective: Collective) -> np.ndarray:
    """Returns the weights that make the labels of all workers' documents most probable.

    A convex problem, solved by Newton's method with halved steps; every worker must call it, and gets the same.

    Args:
        members: log-probabilities, float64 [documents, members, classes].
        labels: int32 [documents].
        collective: sums over all workers.

    Returns:
        float64 [members], none negative.
    """
    count = members.shape[1]
    start = mean_of_networks(count)

    def at(weights: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        """Loss, gradient and Hessian."""
        scores = np.einsum("dmc,m->dc", members, weights)
        scores -= scores.max(1, keepdims=True, initial=-np.inf)
        probabilities = np.exp(scores)
        total = probabilities.sum(1, keepdims=True)
        probabilities /= total
        right = np.arange(len(labels)), labels
        mean = np.einsum("dmc,dc->dm", members, probabilities)
        outer = np.einsum("dmc,dnc,dc->mn", members, members, probabilities) - mean.T @ mean
        loss = (np.log(total[:, 0]) - scores[right]).sum()
        gradient = (mean - members[right[0], :, labels]).sum(0)
        sums = collective.sum(np.concatenate([[loss], gradient, outer.ravel()]))
        off = weights - start
        hessian = sums[1 + count :].reshape(count, count) + RIDGE * np.eye(count)
        return sums[0] + RIDGE * off @ off / 2, sums[1 : 1 + count] + RIDGE * off, hessian

    weights, (loss, gradient, hessian) = start, at(start)
    for _ in range(ITERATIONS):
        free = (weights > 0) | (gradient < 0)  # a weight of 0 that would become negative stays
        step = np.zeros(count)
        step[free] = np.linalg.solve(hessian[np.ix_(free, free)], gradient[free])
        while True:
            tried = np.maximum(weights - step, 0.0)
            found = at(tried)
            if found[0] <= loss or np.abs(step).max() < SMALL:
                break
            step /= 2
        moved = np.abs(tried - weights).max()
        weights, (loss, gradient, hessian) = tried, found
        if moved < SMALL:
            break
    return weights


def _numbered(values: tf.Tensor) -> tf.Tensor:
    """A number for each value, from 0 on, int64 of the shape of the values."""
    return tf.reshape(tf.range(tf.size(values, tf.int64)), tf.shape(values))

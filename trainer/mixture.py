"""What a run publishes: the networks and naive Bayes, their log-probabilities weighted and added."""

from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from run.config import View
from trainer.collective import Collective
from trainer.models.network import Network
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

    def members(self, ids: Mapping[View, tf.Tensor]) -> tf.Tensor:
        """Returns the log-probabilities of each member, float32 [documents, members, classes]."""
        networks = (tf.nn.log_softmax(network.call(ids)) for network in self.networks.values())
        return tf.stack([*networks, self.bayes(ids)], 1)

    def __call__(self, ids: Mapping[View, tf.Tensor]) -> tf.Tensor:
        """Returns logits, float32 [documents, classes]."""
        return tf.einsum("dmc,m->dc", self.members(ids), self.weights)


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

"""How well a model does on documents, over all workers, and which weights its members get."""

from collections.abc import Callable, Iterable, Mapping
from itertools import islice

import numpy as np
import tensorflow as tf

from run.config import View
from run.metrics import Evaluation
from trainer.batches import in_order_of_length
from trainer.collective import Collective
from trainer.mixture import Mixture, fitted
from trainer.spool import Share

EVALUATION_BATCH = 256
FITTED_BATCHES = 40
"""Ten thousand documents of each worker are enough for two weights, and what is kept of them does not grow."""

Infer = Callable[[Mapping[View, np.ndarray]], np.ndarray]
"""Returns the logits of documents whose token ids are given for each view."""


def evaluated(infer: Infer, share: Share, classes: int, collective: Collective) -> Evaluation:
    """Evaluates all workers' shares together; every worker must call it, and gets the same answer."""
    confusion = np.zeros((classes, classes))
    loss = 0.0
    for batch in in_order_of_length(share, EVALUATION_BATCH):
        logits = infer(batch.ids).astype(np.float64)
        np.add.at(confusion, (batch.labels, logits.argmax(axis=1)), 1)
        shifted = logits - logits.max(axis=1, keepdims=True)
        normalizer = np.log(np.exp(shifted).sum(axis=1))
        loss += float((normalizer - shifted[np.arange(len(logits)), batch.labels]).sum())
    sums = collective.sum(np.append(confusion.ravel(), loss))
    confusion = sums[:-1].reshape(confusion.shape).astype(np.int64)
    return Evaluation(confusion, float(sums[-1] / confusion.sum()) if confusion.any() else float("nan"))


class Judge:
    """Evaluates a mixture, and naive Bayes alone, and fits the weights of the mixture."""

    def __init__(self, mixture: Mixture, views: Iterable[View], classes: int, collective: Collective):
        """Takes a mixture with its views, and how many classes there are."""
        ids = {view: tf.TensorSpec([None, None], tf.int32) for view in views}
        self._members = tf.function(mixture.members, input_signature=[ids])
        self._bayes = tf.function(mixture.bayes.__call__, input_signature=[ids])
        self._mixture = mixture
        self._classes = classes
        self._collective = collective

    def evaluate(self, share: Share) -> Evaluation:
        """Evaluates the mixture."""
        weights = self._mixture.weights.numpy()

        def infer(ids: Mapping[View, np.ndarray]) -> np.ndarray:
            return np.einsum("dmc,m->dc", self._members(dict(ids)).numpy(), weights)

        return evaluated(infer, share, self._classes, self._collective)

    def baseline(self, share: Share) -> Evaluation:
        """Evaluates naive Bayes alone, without asking the network again."""
        return evaluated(lambda ids: self._bayes(dict(ids)).numpy(), share, self._classes, self._collective)

    def fitted(self, share: Share) -> np.ndarray:
        """Returns the weights that fit the validation documents best, or the network alone without any."""
        found = [np.zeros((0, 2, self._classes))]
        labels = [np.zeros(0, np.int32)]
        for batch in islice(in_order_of_length(share, EVALUATION_BATCH), FITTED_BATCHES):
            found.append(self._members(dict(batch.ids)).numpy())
            labels.append(batch.labels)
        return fitted(np.concatenate(found).astype(np.float64), np.concatenate(labels), self._collective)

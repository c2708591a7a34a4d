"""How well a model does on documents, over all workers, and which weights its members get."""

from collections.abc import Callable, Mapping
from itertools import islice

import numpy as np

from run.config import View
from run.metrics import Evaluation
from trainer.batches import in_order_of_length
from trainer.collective import Collective
from trainer.liveness import progress
from trainer.mixture import Mixture, fitted
from trainer.spool import Share

EVALUATION_BATCH = 256
FITTED_BATCHES = 40
"""Ten thousand documents of each worker are enough for a few weights, and what is kept of them does not grow."""

Infer = Callable[[Mapping[View, np.ndarray]], np.ndarray]
"""Returns several models' logits of documents whose token ids are given for each view: [documents, models, classes]."""


def evaluated(infer: Infer, share: Share, models: int, classes: int, collective: Collective) -> list[Evaluation]:
    """Evaluates several models on all workers' shares together; every worker must call it, and gets the same answer."""
    confusion = np.zeros((models, classes, classes))
    loss = np.zeros(models)
    for batch in in_order_of_length(share, EVALUATION_BATCH):
        progress.beat()
        logits = infer(batch.ids).astype(np.float64)
        np.add.at(confusion, (np.arange(models), batch.labels[:, None], logits.argmax(2)), 1)
        shifted = logits - logits.max(2, keepdims=True)
        normalizer = np.log(np.exp(shifted).sum(2))
        loss += (normalizer - shifted[np.arange(len(logits)), :, batch.labels]).sum(0)
    sums = collective.sum(np.concatenate([confusion.ravel(), loss]))
    counts = sums[:-models].reshape(confusion.shape).astype(np.int64)
    means = sums[-models:] / counts[0].sum() if counts.any() else np.full(models, np.nan)
    return [Evaluation(of_model, float(mean)) for of_model, mean in zip(counts, means, strict=True)]


class Judge:
    """Evaluates a mixture and each of its members, and fits their weights."""

    def __init__(self, mixture: Mixture, classes: int, collective: Collective):
        """Takes a mixture, and how many classes there are."""
        self._mixture = mixture
        self._classes = classes
        self._collective = collective

    def evaluate(self, share: Share) -> tuple[Evaluation, dict[str, Evaluation]]:
        """Evaluates the mixture, and each member by itself."""
        weights = self._mixture.weights.numpy()

        def infer(ids: Mapping[View, np.ndarray]) -> np.ndarray:
            members = self._mixture.traced_members(dict(ids)).numpy()
            return np.concatenate([np.einsum("dmc,m->dc", members, weights)[:, None], members], 1)

        mixed, *alone = evaluated(infer, share, len(weights) + 1, self._classes, self._collective)
        return mixed, dict(zip(self._mixture.names, alone, strict=True))

    def fitted(self, share: Share) -> np.ndarray:
        """Returns the weights that fit the validation documents best, or those of the networks' mean without any."""
        found = [np.zeros((0, len(self._mixture.names), self._classes))]
        labels = [np.zeros(0, np.int32)]
        for batch in islice(in_order_of_length(share, EVALUATION_BATCH), FITTED_BATCHES):
            found.append(self._mixture.traced_members(dict(batch.ids)).numpy())
            labels.append(batch.labels)
        return fitted(np.concatenate(found).astype(np.float64), np.concatenate(labels), self._collective)

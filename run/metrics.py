"""How well a classifier did, from its confusion matrix."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Counts of (true label, predicted label), and the mean loss."""

    confusion: np.ndarray
    """int64 [classes, classes]: rows are the true labels, columns the predicted ones."""
    loss: float
    """Mean cross entropy in nats; NaN without documents."""

    @classmethod
    def of(cls, confusion: list[list[int]], loss: float | None) -> "Evaluation":
        """Makes an evaluation of the values that travel as JSON."""
        return cls(np.asarray(confusion, np.int64), float("nan") if loss is None else loss)

    @property
    def rows(self) -> int:
        """Documents counted."""
        return int(self.confusion.sum())

    @property
    def accuracy(self) -> float:
        """Share of documents with the right label; NaN without documents."""
        return float(np.trace(self.confusion) / self.rows) if self.rows else float("nan")

    @cached_property
    def precision(self) -> np.ndarray:
        """Per class, float64 [classes]; 0 for a class that was never predicted."""
        return _ratio(np.diag(self.confusion), self.confusion.sum(axis=0))

    @cached_property
    def recall(self) -> np.ndarray:
        """Per class, float64 [classes]; 0 for a class without documents."""
        return _ratio(np.diag(self.confusion), self.confusion.sum(axis=1))

    @cached_property
    def f1(self) -> np.ndarray:
        """Per class, the harmonic mean of precision and recall, float64 [classes]."""
        return _ratio(2 * np.diag(self.confusion), self.confusion.sum(axis=0) + self.confusion.sum(axis=1))

    @property
    def macro_f1(self) -> float:
        """Mean F1 of the classes that were seen or predicted, as scikit-learn's f1_score(average="macro")."""
        present = (self.confusion.sum(axis=0) + self.confusion.sum(axis=1)) > 0
        return float(self.f1[present].mean()) if present.any() else float("nan")


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    ratio: np.ndarray = np.divide(above, below, out=np.zeros(len(above)), where=below > 0)
    return ratio

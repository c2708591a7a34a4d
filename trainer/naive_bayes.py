"""Multinomial naive Bayes over the tokens of all views: what counting alone knows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from run.config import View
from text.vocabulary import FIRST_TOKEN
from trainer.collective import Collective
from trainer.models import portable
from trainer.models.network import summed, summed_of_row
from trainer.spool import Share

SMOOTHING = 0.1
"""Added to each count of a token in a class (Lidstone)."""
COUNTED_TOKENS = 1 << 20
"""Tokens that are counted at once."""


@dataclass(frozen=True)
class ClassCounts:
    """What stands in the documents of each class; that of several shares is added."""

    documents: np.ndarray
    """How many there are, float64 [classes]."""
    tokens: Mapping[View, np.ndarray]
    """How often each token of a view stands in them, float64 [size, classes]."""

    @classmethod
    def of(cls, share: Share, sizes: Mapping[View, int], classes: int, collective: Collective) -> "ClassCounts":
        """Counts the documents of all workers; every worker must call it, and gets the same."""
        documents = collective.sum(np.bincount(share.labels, minlength=classes))
        tokens = {view: collective.sum(_counts(share, view, size, classes)) for view, size in sizes.items()}
        return cls(documents, tokens)

    def __add__(self, other: "ClassCounts") -> "ClassCounts":
        tokens = {view: of_view + other.tokens[view] for view, of_view in self.tokens.items()}
        return ClassCounts(self.documents + other.documents, tokens)


class NaiveBayes(tf.Module):
    """Log-probabilities of tokens given classes, maximum-likelihood with smoothing; unknown tokens say nothing.

    It decides as naive Bayes does, and is less sure of it.

    Source: A. McCallum & K. Nigam, A Comparison of Event Models for Naive Bayes Text Classification, AAAI 1998.
    """

    def __init__(self, prior: np.ndarray, tables: Mapping[View, np.ndarray]):
        """Takes the log-probabilities of the classes, [classes], and of each view's tokens given them."""
        super().__init__(name="naive_bayes")
        self.prior = tf.Variable(prior, trainable=False, dtype=tf.float32)
        self.tables = {view: tf.Variable(table, trainable=False, dtype=tf.float32) for view, table in tables.items()}

    @classmethod
    def of(cls, counted: "ClassCounts") -> "NaiveBayes":
        """Makes probabilities of counts."""
        prior = np.log((counted.documents + SMOOTHING) / (counted.documents + SMOOTHING).sum())
        tables = {}
        for view, of_view in counted.tokens.items():
            counts = of_view.copy()
            counts[:FIRST_TOKEN] = 0
            known = max(len(counts) - FIRST_TOKEN, 1)
            table = np.log((counts + SMOOTHING) / (counts.sum(0) + SMOOTHING * known))
            table[:FIRST_TOKEN] = 0
            tables[view] = table
        return cls(prior, tables)

    def classify(self, rows: Mapping[View, tf.Tensor], places: Mapping[View, tf.Tensor]) -> tf.Tensor:
        """Returns the logits of documents; see `Network`.

        They are the joint log-probabilities of documents and classes over the root of the number of tokens: tokens are
        not as independent as the model takes them to be, and of a long document it would be far too sure.
        """
        return self._joint([summed(of_view, places[view]) for view, of_view in rows.items()])

    def answer(self, documents: Mapping[View, tf.RaggedTensor]) -> tf.Tensor:
        """Returns the logits of documents; see `Network`."""
        return self._joint([summed_of_row(table, documents[view]) for view, table in self.tables.items()])

    def _joint(self, of_views: Sequence[tuple[tf.Tensor, tf.Tensor]]) -> tf.Tensor:
        """What the sums and numbers of the tokens' rows in each view give together."""
        joint = self.prior + tf.add_n([rows for rows, _ in of_views])
        return joint / tf.sqrt(tf.add_n([count for _, count in of_views]))

    def portable(self, ids: Mapping[View, keras.KerasTensor], name: str) -> keras.KerasTensor:
        """Returns the logits of documents; see `Network`."""
        totals = [
            keras.ops.sum(portable.embedded(table, ids[view], f"{name}_{view}"), 1)
            for view, table in self.tables.items()
        ]
        joint = portable.biased(sum(totals), self.prior, f"{name}_prior")
        return joint / keras.ops.sqrt(sum(portable.count(ids[view]) for view in self.tables))


def _counts(share: Share, view: View, size: int, classes: int) -> np.ndarray:
    """How often each token stands in documents of each class, float64 [size, classes]."""
    documents, counts = share.views[view], np.zeros(size * classes)
    ends = np.cumsum(documents.lengths, dtype=np.int64)
    start = 0
    while start < len(share):
        limit = ends[start] - documents.lengths[start] + COUNTED_TOKENS
        some = slice(start, max(start + 1, int(np.searchsorted(ends, limit, "right"))))
        labels = np.repeat(share.labels[some], documents.lengths[some])
        ids = documents.in_a_row(some).astype(np.int64)
        counts += np.bincount(ids * classes + labels, minlength=size * classes)
        start = some.stop
    return counts.reshape(size, classes)

"""Multinomial logistic regression: a weight for each token of every view and each class."""

from collections.abc import Mapping

import keras
import tensorflow as tf

from run.config import ModelConfig, View
from trainer.models import portable
from trainer.models.network import Network, summed, summed_of_row
from trainer.table_optimizers import Adagrad


class LogisticRegression(Network):
    """A linear classifier; of each view, the sum of the tokens' weights over the root of their number.

    Single tokens and pairs can speak for a class by themselves, which a network of embeddings has to learn.
    """

    embeds = False
    optimizer = Adagrad
    rate = 50.0
    """Its tokens are rare, and all weights begin at zero."""

    def __init__(self, _: ModelConfig, sizes: Mapping[View, int], classes: int, seed: int):  # noqa: ARG002 - as others
        """Builds the weights for some number of token ids of each view; nothing is left to chance."""
        super().__init__(name="logistic_regression")
        weights = {
            view: self.add_weight(shape=(size, classes), initializer="zeros", name=f"weights_{view}")
            for view, size in sizes.items()
        }
        self.tables = {view: of_view.value for view, of_view in weights.items()}
        self.bias = self.add_weight(shape=(classes,), initializer="zeros", name="bias")
        self.built = True

    def classify(
        self,
        rows: Mapping[View, tf.Tensor],
        places: Mapping[View, tf.Tensor],
        dropout_seed: tf.Tensor | None = None,  # noqa: ARG002 - it has no dropout
    ) -> tf.Tensor:
        """Returns the logits of documents; see `Network`."""
        logits = tf.identity(self.bias.value)
        for view, of_view in rows.items():
            total, count = summed(of_view, places[view])
            logits += total / tf.sqrt(count)
        return logits

    def answer(self, documents: Mapping[View, tf.RaggedTensor]) -> tf.Tensor:
        """Returns the logits of documents; see `Network`."""
        of_views = [summed_of_row(table, documents[view]) for view, table in self.tables.items()]
        return self.bias.value + tf.add_n([rows / tf.sqrt(count) for rows, count in of_views])

    def portable(self, ids: Mapping[View, keras.KerasTensor], name: str) -> keras.KerasTensor:
        """Returns the logits of documents; see `Network`."""
        of_views = [
            keras.ops.sum(portable.embedded(table, ids[view], f"{name}_{view}"), 1)
            / keras.ops.sqrt(portable.count(ids[view]))
            for view, table in self.tables.items()
        ]
        return portable.biased(sum(of_views), self.bias, f"{name}_bias")

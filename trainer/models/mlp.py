"""Averaged embeddings and a hidden layer, as fastText has them (Joulin et al., 2016)."""

from collections.abc import Mapping

import keras
import tensorflow as tf

from run.config import ModelConfig, View
from trainer.models import portable
from trainer.models.embedding import Embedding
from trainer.models.network import Network, another, dropped, summed


class MLP(Network):
    """A multilayer perceptron over the mean of the embeddings of each view's tokens.

    It knows of the order of tokens what views of pairs tell. A document without tokens has means of zero.

    Source: A. Joulin et al., Bag of Tricks for Efficient Text Classification, 2016, arXiv:1607.01759.
    """

    def __init__(self, config: ModelConfig, sizes: Mapping[View, int], classes: int, seed: int):
        """Builds the weights; see `TextCNN`."""
        super().__init__(name="mlp")
        self._config = config
        self.embeddings = {view: Embedding(config, size, seed, view) for view, size in sizes.items()}
        self.tables = {view: embedding.vectors.value for view, embedding in self.embeddings.items()}
        kernel = keras.initializers.GlorotUniform
        self.hidden = keras.layers.Dense(
            config.units, activation="relu", kernel_initializer=kernel(seed=seed), name="hidden"
        )
        self.hidden.build((None, config.embedding_size * len(sizes)))
        self.classifier = keras.layers.Dense(classes, kernel_initializer=kernel(seed=seed + 1), name="classifier")
        self.classifier.build((None, config.units))
        self.built = True

    def classify(
        self, rows: Mapping[View, tf.Tensor], places: Mapping[View, tf.Tensor], dropout_seed: tf.Tensor | None = None
    ) -> tf.Tensor:
        """Returns the logits of documents; see `Network`."""
        means = []
        for number, (view, embedding) in enumerate(self.embeddings.items(), 1):
            total, count = summed(*embedding.thinned(rows[view], places[view], another(dropout_seed, number)))
            means.append(total / count)
        return self.classifier(dropped(self.hidden(tf.concat(means, 1)), self._config.dropout, dropout_seed))

    def portable(self, ids: Mapping[View, keras.KerasTensor], name: str) -> keras.KerasTensor:
        """Returns the logits of documents; see `Network`."""
        means = [
            keras.ops.sum(portable.embedded(table, ids[view], f"{name}_{view}"), 1) / portable.count(ids[view])
            for view, table in self.tables.items()
        ]
        hidden = portable.dense(self.hidden, portable.joined(means), f"{name}_hidden")
        return portable.dense(self.classifier, hidden, f"{name}_classifier")

"""What TextCNN and TextRNN have in common: a branch of layers for each view, and one layer over all their features."""

from abc import abstractmethod
from collections.abc import Mapping

import keras
import tensorflow as tf

from run.config import ModelConfig, View
from text.vocabulary import PADDING
from trainer.computed_table import ComputedTable
from trainer.models import portable
from trainer.models.embedding import Embedding
from trainer.models.network import Network, another, distinct, dropped


class Branch(keras.layers.Layer):
    """Makes features of documents from a view's tokens: (rows, places, dropout seed) to float32 [documents, features].

    A document without tokens has features of zero.
    """

    embedding: Embedding

    def freeze(self, name: str) -> list[ComputedTable]:  # noqa: ARG002 - some have no such tables
        """Lets `answer` take from tables what depends on no document; see `Network`."""
        return []

    def answer(self, documents: tf.RaggedTensor) -> tf.Tensor:
        """Returns the features of documents when nobody trains any more, of int32 [documents, (tokens)]."""
        tokens, places = distinct(documents.to_tensor(PADDING))
        return self(tf.gather(self.embedding.vectors.value, tokens), places)

    @abstractmethod
    def portable(self, ids: keras.KerasTensor, name: str) -> keras.KerasTensor:
        """Returns the features of documents as `call` does; see `Network.portable`."""


class Branched(Network):
    """A branch for each view, dropout over their features, and a dense layer."""

    def __init__(
        self, name: str, config: ModelConfig, branches: Mapping[View, Branch], features: int, classes: int, seed: int
    ):
        """Takes the branches, which have so many features each, and builds the dense layer."""
        super().__init__(name=name)
        self._config = config
        self.branches = dict(branches)
        self.tables = {view: branch.embedding.vectors.value for view, branch in branches.items()}
        self.classifier = keras.layers.Dense(
            classes, kernel_initializer=keras.initializers.GlorotUniform(seed=seed), name="classifier"
        )
        self.classifier.build((None, features * len(branches)))
        self.built = True

    def classify(
        self, rows: Mapping[View, tf.Tensor], places: Mapping[View, tf.Tensor], dropout_seed: tf.Tensor | None = None
    ) -> tf.Tensor:
        """Returns the logits of documents; see `Network`."""
        features = [
            branch(rows[view], places[view], another(dropout_seed, number))
            for number, (view, branch) in enumerate(self.branches.items(), 1)
        ]
        return self.classifier(dropped(tf.concat(features, 1), self._config.dropout, dropout_seed))

    def freeze(self, name: str) -> list[ComputedTable]:
        """Lets the branches answer from tables; see `Network`."""
        return [table for view, branch in self.branches.items() for table in branch.freeze(f"{name}/{view}")]

    def answer(self, documents: Mapping[View, tf.RaggedTensor]) -> tf.Tensor:
        """Returns the logits of documents; see `Network`."""
        features = [branch.answer(documents[view]) for view, branch in self.branches.items()]
        return self.classifier(tf.concat(features, 1))

    def portable(self, ids: Mapping[View, keras.KerasTensor], name: str) -> keras.KerasTensor:
        """Returns the logits of documents; see `Network`."""
        features = [branch.portable(ids[view], f"{name}_{view}") for view, branch in self.branches.items()]
        return portable.dense(self.classifier, portable.joined(features), f"{name}_classifier")

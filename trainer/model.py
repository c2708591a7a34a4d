"""TextCNN: convolutions of several widths over token embeddings, max-over-time pooling (Kim, 2014)."""

from collections.abc import Mapping

import keras
import tensorflow as tf

from run.config import ModelConfig, View
from text.vocabulary import PADDING
from trainer.shared_products import pooled


class TextCNN(keras.Model):
    """A convolutional text classifier whose scores for a document do not depend on its batch.

    Each view of a document has a branch of its own; a linear classifier has the features of all of them.
    A document of n tokens has n windows of each width, one starting at each token; a window that reaches
    over the end sees zeros there. Windows that start in the padding count for nothing, so that padding
    changes no score. A document without tokens gets the scores of the biases alone.

    Source: Y. Kim, Convolutional Neural Networks for Sentence Classification, EMNLP 2014, arXiv:1408.5882.
    """

    def __init__(self, config: ModelConfig, sizes: Mapping[View, int], classes: int, seed: int):
        """Builds the weights.

        Args:
            config: the sizes of each branch.
            sizes: how many token ids each view has; a branch for each.
            classes: number of labels.
            seed: seed of the initial weights.
        """
        super().__init__(name="textcnn")
        self.dropout_rate = config.dropout
        self.branches = {view: Branch(config, size, seed, view) for view, size in sizes.items()}
        self.classifier = keras.layers.Dense(
            classes, kernel_initializer=keras.initializers.GlorotUniform(seed=seed), name="classifier"
        )
        self.classifier.build((None, config.filters * len(config.widths) * len(sizes)))
        self.built = True

    def call(self, ids: Mapping[View, tf.Tensor], dropout_seed: tf.Tensor | None = None) -> tf.Tensor:
        """Returns the logits of each document.

        Args:
            ids: token ids of each view, int32 [documents, tokens], 0 where a document has ended.
            dropout_seed: int32 [2] in training; None means no dropout.

        Returns:
            float32 [documents, classes].
        """
        rows, places = {}, {}
        for view, branch in self.branches.items():
            tokens, places[view] = distinct(ids[view])
            rows[view] = tf.gather(branch.embedding.value, tokens)
        return self.classify(rows, places, dropout_seed)

    def classify(
        self, rows: Mapping[View, tf.Tensor], places: Mapping[View, tf.Tensor], dropout_seed: tf.Tensor | None = None
    ) -> tf.Tensor:
        """Returns the logits of documents whose distinct tokens' embeddings are at hand.

        Args:
            rows: of each view float32 [distinct tokens, embedding_size]; the first is of the padding, whatever it is.
            places: which of them stands where, of each view int32 [documents, tokens], at least one column.
            dropout_seed: int32 [2] in training; None means no dropout.

        Returns:
            float32 [documents, classes].
        """
        features = tf.concat([branch(rows[view], places[view]) for view, branch in self.branches.items()], 1)
        if dropout_seed is not None and self.dropout_rate > 0:
            features = tf.nn.experimental.stateless_dropout(features, self.dropout_rate, seed=dropout_seed)
        return self.classifier(features)


class Branch(keras.layers.Layer):
    """The embedding of a view's tokens, and its convolutions."""

    def __init__(self, config: ModelConfig, size: int, seed: int, view: View):
        """Builds the weights for some number of token ids."""
        super().__init__(name=view)
        self.embedding = self.add_weight(
            shape=(size, config.embedding_size),
            initializer=keras.initializers.RandomUniform(-0.25, 0.25, seed=seed),
            name="embedding",
        )
        self.kernels, self.biases = [], []
        for width in config.widths:
            kernel = keras.initializers.GlorotUniform(seed=seed + width)
            shape = (width, config.embedding_size, config.filters)
            self.kernels.append(self.add_weight(shape=shape, initializer=kernel, name=f"width_{width}"))
            self.biases.append(self.add_weight(shape=(config.filters,), initializer="zeros", name=f"bias_{width}"))
        self.built = True

    def call(self, rows: tf.Tensor, places: tf.Tensor) -> tf.Tensor:
        """Returns the pooled features of each document; see `pooled`."""
        return pooled(rows, places, [k.value for k in self.kernels], [b.value for b in self.biases])


def distinct(ids: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns the distinct token ids of a batch, the padding's first, and which of them stands where.

    Args:
        ids: int32 [documents, tokens].

    Returns:
        int32 [distinct], and int32 [documents, tokens], at least one column.
    """
    ids = tf.pad(ids, [[0, 0], [0, tf.cast(tf.shape(ids)[1] == 0, tf.int32)]], constant_values=PADDING)
    tokens, places = tf.unique(tf.concat([[PADDING], tf.reshape(ids, [-1])], 0))
    return tokens, tf.reshape(places[1:], tf.shape(ids))

"""TextCNN: convolutions of several widths over token vectors, the strongest answer of each (Kim, 2014)."""

import keras
import tensorflow as tf

from run.config import ModelConfig
from text.vocabulary import PADDING


class TextCNN(keras.Model):
    """A convolutional text classifier whose scores for a document do not depend on its batch.

    A document of n tokens has n windows of each width, one starting at each token; a window that reaches
    over the end sees zeros there. Windows that start in the padding count for nothing, so that padding
    changes no score. A document without tokens gets the scores of the biases alone.

    Source: Y. Kim, Convolutional Neural Networks for Sentence Classification, EMNLP 2014, arXiv:1408.5882.
    """

    def __init__(self, config: ModelConfig, vocabulary_size: int, classes: int, seed: int):
        """Builds the weights.

        Args:
            config: the sizes.
            vocabulary_size: token ids are below this.
            classes: number of labels.
            seed: seed of the initial weights.
        """
        super().__init__(name="textcnn")
        self.dropout_rate = config.dropout
        self.embedding = keras.layers.Embedding(
            vocabulary_size,
            config.embedding_size,
            embeddings_initializer=keras.initializers.RandomUniform(-0.25, 0.25, seed=seed),
            name="embedding",
        )
        self.convolutions = [
            keras.layers.Conv1D(
                config.filters,
                width,
                activation="relu",
                kernel_initializer=keras.initializers.GlorotUniform(seed=seed + width),
                name=f"width_{width}",
            )
            for width in config.widths
        ]
        self.classifier = keras.layers.Dense(
            classes, kernel_initializer=keras.initializers.GlorotUniform(seed=seed), name="classifier"
        )
        self.embedding.build((None, None))
        for convolution in self.convolutions:
            convolution.build((None, None, config.embedding_size))
        self.classifier.build((None, config.filters * len(config.widths)))
        self.built = True

    def call(self, ids: tf.Tensor, dropout_seed: tf.Tensor | None = None) -> tf.Tensor:
        """Returns the logits of each document.

        Args:
            ids: token ids, int32 [documents, tokens], 0 where a document has ended.
            dropout_seed: int32 [2] in training; None means no dropout.

        Returns:
            float32 [documents, classes].
        """
        ids = _at_least_one_column(ids)
        return self.classify(self.embedding(ids), ids, dropout_seed)

    def classify(self, vectors: tf.Tensor, ids: tf.Tensor, dropout_seed: tf.Tensor | None = None) -> tf.Tensor:
        """Returns the logits of documents whose tokens' vectors are at hand.

        Args:
            vectors: float32 [documents, tokens, embedding_size], whatever in the padding.
            ids: token ids, int32 [documents, tokens], at least one column; they tell the padding.
            dropout_seed: int32 [2] in training; None means no dropout.

        Returns:
            float32 [documents, classes].
        """
        features = self.pool(vectors, ids)
        if dropout_seed is not None and self.dropout_rate > 0:
            features = tf.nn.experimental.stateless_dropout(features, self.dropout_rate, seed=dropout_seed)
        return self.classifier(features)

    def pool(self, vectors: tf.Tensor, ids: tf.Tensor) -> tf.Tensor:
        """Returns the strongest answer of each filter, float32 [documents, widths × filters]."""
        inside = tf.cast(ids != PADDING, tf.float32)[:, :, None]
        vectors *= inside
        # The rectified answers are not negative, so 0 in the padding never wins against a window.
        pooled = [
            tf.reduce_max(convolution(_zeros_behind(vectors, convolution.kernel_size[0] - 1)) * inside, axis=1)
            for convolution in self.convolutions
        ]
        return tf.concat(pooled, axis=1)


def _at_least_one_column(ids: tf.Tensor) -> tf.Tensor:
    return tf.pad(ids, [[0, 0], [0, tf.cast(tf.shape(ids)[1] == 0, tf.int32)]])


def _zeros_behind(vectors: tf.Tensor, count: int) -> tf.Tensor:
    return tf.pad(vectors, [[0, 0], [0, count], [0, 0]])

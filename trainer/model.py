"""TextCNN: convolutions of several widths over token embeddings, max-over-time pooling (Kim, 2014)."""

import keras
import tensorflow as tf

from run.config import ModelConfig
from text.vocabulary import PADDING
from trainer.shared_products import pooled


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
        tokens, places = distinct(ids)
        return self.classify(tf.gather(self.embedding.embeddings.value, tokens), places, dropout_seed)

    def classify(self, rows: tf.Tensor, places: tf.Tensor, dropout_seed: tf.Tensor | None = None) -> tf.Tensor:
        """Returns the logits of documents whose distinct tokens' embeddings are at hand.

        Args:
            rows: float32 [distinct tokens, embedding_size]; the first is of the padding, whatever it is.
            places: which of them stands where, int32 [documents, tokens], at least one column.
            dropout_seed: int32 [2] in training; None means no dropout.

        Returns:
            float32 [documents, classes].
        """
        kernels = [convolution.kernel.value for convolution in self.convolutions]
        features = pooled(rows, places, kernels, [convolution.bias.value for convolution in self.convolutions])
        if dropout_seed is not None and self.dropout_rate > 0:
            features = tf.nn.experimental.stateless_dropout(features, self.dropout_rate, seed=dropout_seed)
        return self.classifier(features)


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

"""The embedding of a view's tokens, and what is left out of it in training."""

import keras
import tensorflow as tf

from run.config import ModelConfig, View
from trainer.models.network import another, dropped


class Embedding(keras.layers.Layer):
    """A vector for each token id."""

    def __init__(self, config: ModelConfig, size: int, seed: int, view: View):
        """Builds the weights for some number of token ids."""
        super().__init__(name=f"embedding_{view}")
        self._config = config
        self.vectors = self.add_weight(
            shape=(size, config.embedding_size),
            initializer=keras.initializers.RandomUniform(-0.25, 0.25, seed=seed),
            name="vectors",
        )
        self.built = True

    def thinned(
        self, rows: tf.Tensor, places: tf.Tensor, dropout_seed: tf.Tensor | None
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Leaves out dimensions of the rows and tokens of the documents, in training.

        The dimensions are the same for all documents of a step, since these share their tokens' rows.
        """
        if dropout_seed is None:
            return rows, places
        whole = tf.ones([1, self._config.embedding_size])
        kept = dropped(tf.ones(tf.shape(places)), self._config.token_dropout, another(dropout_seed, 102))
        rows *= dropped(whole, self._config.embedding_dropout, another(dropout_seed, 101))
        return rows, tf.where(kept > 0, places, 0)

"""TextRNN: a bidirectional GRU over token embeddings, and attention over its states."""

from collections.abc import Mapping

import keras
import tensorflow as tf

from run.config import ModelConfig, View
from text.vocabulary import PADDING
from trainer.models import portable
from trainer.models.branched import Branch, Branched
from trainer.models.embedding import Embedding


class TextRNN(Branched):
    """A recurrent text classifier, with an embedding, a GRU in both directions and attention for each view.

    Padding is masked in the recurrence and has no attention, so that it changes no score. A document without tokens
    gets the scores of the biases alone.

    Source: Z. Yang et al., Hierarchical Attention Networks for Document Classification, NAACL 2016 (its word level).
    """

    def __init__(self, config: ModelConfig, sizes: Mapping[View, int], classes: int, seed: int):
        """Builds the weights; see `TextCNN`."""
        branches = {view: TextRNNBranch(config, size, seed, view) for view, size in sizes.items()}
        super().__init__("textrnn", config, branches, 2 * config.units, classes, seed)


class TextRNNBranch(Branch):
    """The embedding of a view's tokens, its recurrence, and its attention."""

    def __init__(self, config: ModelConfig, size: int, seed: int, view: View):
        """Builds the weights for some number of token ids."""
        super().__init__(name=f"branch_{view}")
        self.embedding = Embedding(config, size, seed, view)
        states = 2 * config.units
        self.recurrence = keras.layers.Bidirectional(
            keras.layers.GRU(
                config.units,
                return_sequences=True,
                kernel_initializer=keras.initializers.GlorotUniform(seed=seed),
                recurrent_initializer=keras.initializers.Orthogonal(seed=seed),
            ),
            name="recurrence",
        )
        self.recurrence.build((None, None, config.embedding_size))
        self.projection = keras.layers.Dense(
            states, "tanh", kernel_initializer=keras.initializers.GlorotUniform(seed=seed + 1), name="projection"
        )
        self.projection.build((None, None, states))
        self.context = self.add_weight(
            shape=(states,), initializer=keras.initializers.RandomUniform(-0.1, 0.1, seed=seed), name="context"
        )
        self.built = True

    def call(self, rows: tf.Tensor, places: tf.Tensor, dropout_seed: tf.Tensor | None = None) -> tf.Tensor:
        """Returns the states of each document, weighted by attention, float32 [documents, 2 × units]."""
        rows, places = self.embedding.thinned(rows, places, dropout_seed)
        inside = places != 0
        states = self.recurrence(tf.gather(rows, places), mask=inside)
        scores = tf.einsum("dts,s->dt", self.projection(states), self.context.value)
        scores = tf.where(inside, scores, tf.fill(tf.shape(scores), scores.dtype.min))
        weights = tf.nn.softmax(scores) * tf.cast(inside, states.dtype)
        return tf.einsum("dts,dt->ds", states, weights)

    def portable(self, ids: keras.KerasTensor, name: str) -> keras.KerasTensor:
        """Returns the states of each document, weighted by attention; see `Branch`."""
        inside = portable.inside(ids)
        rows = portable.embedded(self.embedding.vectors, ids, name)
        recurrence = keras.layers.Bidirectional.from_config(self.recurrence.get_config() | {"name": f"{name}_states"})
        weights = self.recurrence.get_weights()
        portable.with_weights(recurrence, (None, None, rows.shape[-1]), weights)
        states = recurrence(rows, mask=keras.ops.not_equal(ids, PADDING))
        context = keras.layers.Dense(1, use_bias=False, name=f"{name}_context")
        portable.with_weights(
            context, (None, None, states.shape[-1]), [keras.ops.convert_to_numpy(self.context)[:, None]]
        )
        scores = context(portable.dense(self.projection, states, f"{name}_projection"))
        attention = keras.ops.softmax(scores + (1.0 - inside) * portable.NEVER, 1) * inside
        return keras.ops.sum(states * attention, 1)

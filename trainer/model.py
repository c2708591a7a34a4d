"""TextCNN: convolutions over token embeddings, max-over-time pooling (Kim, 2014), and a linear part."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

import keras
import tensorflow as tf

from run.config import ModelConfig, View
from text.vocabulary import PADDING
from trainer.shared_products import pooled


class Table(NamedTuple):
    """The name of a table: of which part of the model, for which view."""

    part: Literal["deep", "wide"]
    view: View


class TextCNN(keras.Model):
    """A convolutional text classifier whose scores for a document do not depend on its batch.

    The views that are deep have a branch each: an embedding, convolutions of several widths, and max-over-time pooling;
    a dense layer has the features of all of them. To its logits the linear part adds those of every view's tokens, so
    that single tokens and pairs can speak for a class by themselves (wide and deep).

    A document of n tokens has n windows of each width, one starting at each token; a window that reaches
    over the end sees zeros there. Windows that start in the padding count for nothing, so that padding
    changes no score. A document without tokens gets the scores of the biases alone.

    Sources: Y. Kim, Convolutional Neural Networks for Sentence Classification, EMNLP 2014, arXiv:1408.5882;
    H.-T. Cheng et al., Wide & Deep Learning for Recommender Systems, 2016, arXiv:1606.07792.
    """

    def __init__(self, config: ModelConfig, sizes: Mapping[View, int], classes: int, seed: int):
        """Builds the weights.

        Args:
            config: the sizes of each branch.
            sizes: how many token ids each view has.
            classes: number of labels.
            seed: seed of the initial weights.
        """
        super().__init__(name="textcnn")
        self.config = config
        self.classes = classes
        self.deep = {view: Deep(config, sizes[view], seed, view) for view in config.deep if view in sizes}
        self.wide = {view: Wide(size, classes, view) for view, size in sizes.items()} if config.wide else {}
        self.classifier = keras.layers.Dense(
            classes, kernel_initializer=keras.initializers.GlorotUniform(seed=seed), name="classifier"
        )
        self.classifier.build((None, config.filters * len(config.widths) * len(self.deep)))
        self.built = True

    def call(self, ids: Mapping[View, tf.Tensor], dropout_seed: tf.Tensor | None = None) -> tf.Tensor:
        """Returns the logits of each document.

        Args:
            ids: token ids of each view, int32 [documents, tokens], 0 where a document has ended.
            dropout_seed: int32 [2] in training; None means no dropout.

        Returns:
            float32 [documents, classes].
        """
        tokens = {view: distinct(of_view) for view, of_view in ids.items()}
        rows = {name: tf.gather(table, tokens[name.view][0]) for name, table in self.tables.items()}
        return self.classify(rows, {view: places for view, (_, places) in tokens.items()}, dropout_seed)

    @property
    def tables(self) -> dict[Table, tf.Variable]:
        """The weights that have a row for each token id; a step touches few of them."""
        deep = {Table("deep", view): branch.embedding.value for view, branch in self.deep.items()}
        return deep | {Table("wide", view): branch.weights_of_tokens.value for view, branch in self.wide.items()}

    def classify(
        self, rows: Mapping[Table, tf.Tensor], places: Mapping[View, tf.Tensor], dropout_seed: tf.Tensor | None = None
    ) -> tf.Tensor:
        """Returns the logits of documents, of whose distinct tokens the rows of each table are at hand.

        Args:
            rows: of each table float32 [distinct tokens of its view, columns]; the first is of the padding, whatever it
                is.
            places: which token stands where, of each view int32 [documents, tokens], at least one column.
            dropout_seed: int32 [2] in training; None means no dropout.

        Returns:
            float32 [documents, classes].
        """
        logits = tf.broadcast_to(self.classifier.bias.value, [tf.shape(next(iter(places.values())))[0], self.classes])
        if self.deep:
            branches = enumerate(self.deep.items(), 1)
            features = [
                branch(rows[Table("deep", view)], places[view], _seed(dropout_seed, number))
                for number, (view, branch) in branches
            ]
            dropped = _dropped(tf.concat(features, 1), self.config.dropout, dropout_seed)
            logits += dropped @ self.classifier.kernel.value
        for view, branch in self.wide.items():
            logits += branch(rows[Table("wide", view)], places[view])
        return logits


class Deep(keras.layers.Layer):
    """The embedding of a view's tokens, and its convolutions."""

    def __init__(self, config: ModelConfig, size: int, seed: int, view: View):
        """Builds the weights for some number of token ids."""
        super().__init__(name=f"deep_{view}")
        self._config = config
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

    def call(self, rows: tf.Tensor, places: tf.Tensor, dropout_seed: tf.Tensor | None = None) -> tf.Tensor:
        """Returns the pooled features of each document; see `pooled`.

        In training, dimensions of the embedding and tokens of the documents are left out. The dimensions are the same
        for all documents of a step, since these share their tokens' products.
        """
        if dropout_seed is not None:
            whole = tf.ones([1, self._config.embedding_size])
            rows *= _dropped(whole, self._config.embedding_dropout, _seed(dropout_seed, 101))
            kept = _dropped(tf.ones(tf.shape(places)), self._config.token_dropout, _seed(dropout_seed, 102))
            places = tf.where(kept > 0, places, 0)
        return pooled(rows, places, [k.value for k in self.kernels], [b.value for b in self.biases])


class Wide(keras.layers.Layer):
    """The linear part of a view: the sum of its tokens' weights, over the root of their number."""

    def __init__(self, size: int, classes: int, view: View):
        """Builds the weights for some number of token ids."""
        super().__init__(name=f"wide_{view}")
        self.weights_of_tokens = self.add_weight(shape=(size, classes), initializer="zeros", name="weights")
        self.built = True

    def call(self, rows: tf.Tensor, places: tf.Tensor) -> tf.Tensor:
        """Returns logits, float32 [documents, classes]."""
        inside = tf.cast(places != 0, rows.dtype)
        summed = tf.reduce_sum(tf.gather(rows, places) * inside[:, :, None], 1)
        return summed / tf.sqrt(tf.maximum(tf.reduce_sum(inside, 1, keepdims=True), 1.0))


def _dropped(values: tf.Tensor, rate: float, seed: tf.Tensor | None) -> tf.Tensor:
    return values if seed is None or not rate else tf.nn.experimental.stateless_dropout(values, rate, seed=seed)


def _seed(seed: tf.Tensor | None, number: int) -> tf.Tensor | None:
    """Another seed for each use."""
    return None if seed is None else seed + tf.constant([number * 7_919, 0])


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

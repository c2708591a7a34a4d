"""TextCNN: convolutions over token embeddings and max-over-time pooling (Kim, 2014)."""

from collections.abc import Callable, Mapping
from functools import partial

import keras
import tensorflow as tf

from run.config import ModelConfig, View
from text.vocabulary import PADDING
from trainer.computed_table import ComputedTable
from trainer.models import portable
from trainer.models.branched import Branch, Branched
from trainer.models.embedding import Embedding
from trainer.shared_products import Lookup, pooled, pooled_in_groups, pooled_of_row, products, side_by_side

LARGEST_TABLES = 1 << 28
"""Bytes that the tables of a view may take in a model that is trained no more."""


class TextCNN(Branched):
    """A convolutional text classifier, with an embedding and convolutions of several widths for each view.

    A document of n tokens has n windows of each width, one starting at each token; a window that reaches
    over the end sees zeros there. Windows that start in the padding count for nothing, so that padding
    changes no score. A document without tokens gets the scores of the biases alone.

    Source: Y. Kim, Convolutional Neural Networks for Sentence Classification, EMNLP 2014, arXiv:1408.5882.
    """

    def __init__(self, config: ModelConfig, sizes: Mapping[View, int], classes: int, seed: int):
        """Builds the weights.

        Args:
            config: the sizes of each branch.
            sizes: how many token ids each view has.
            classes: number of labels.
            seed: seed of the initial weights.
        """
        branches = {view: TextCNNBranch(config, size, seed, view) for view, size in sizes.items()}
        super().__init__("textcnn", config, branches, config.filters * len(config.widths), classes, seed)


class TextCNNBranch(Branch):
    """The embedding of a view's tokens, and its convolutions."""

    def __init__(self, config: ModelConfig, size: int, seed: int, view: View):
        """Builds the weights for some number of token ids."""
        super().__init__(name=f"branch_{view}")
        self.embedding = Embedding(config, size, seed, view)
        self.kernels, self.biases = [], []
        for width in config.widths:
            kernel = keras.initializers.GlorotUniform(seed=seed + width)
            shape = (width, config.embedding_size, config.filters)
            self.kernels.append(self.add_weight(shape=shape, initializer=kernel, name=f"width_{width}"))
            self.biases.append(self.add_weight(shape=(config.filters,), initializer="zeros", name=f"bias_{width}"))
        self._precision = tf.as_dtype(config.products)
        self._pooled: Callable[..., tf.Tensor] = pooled_in_groups
        self._table: ComputedTable | None = None
        self.built = True

    def freeze(self, name: str) -> list[ComputedTable]:
        """Makes a table of the products of all tokens with the filters, if it is small enough; see `Branch`.

        A token's products with all filters at all positions stand one after the other.
        """
        self._pooled = pooled  # what is still asked for besides answers is their gradient
        vectors, (*_, filters) = self.embedding.vectors, self.kernels[0].shape
        positions = sum(kernel.shape[0] for kernel in self.kernels)
        if vectors.shape[0] * positions * filters * tf.float32.size > LARGEST_TABLES:
            return []

        def computed() -> tf.Tensor:
            kernels = tf.concat([side_by_side(kernel.value) for kernel in self.kernels], 1)
            return tf.reshape(products(vectors.value, kernels), [-1, filters])

        self._table = ComputedTable(computed, (vectors.shape[0] * positions, filters), name)
        return [self._table]

    def answer(self, documents: tf.RaggedTensor) -> tf.Tensor:
        """Returns the pooled features of each document; see `Branch`."""
        biases = [bias.value for bias in self.biases]
        if self._table:
            return pooled_of_row(self._lookups(self._table), documents, biases)
        tokens, places = tf.unique(tf.concat([[PADDING], documents.flat_values], 0))
        rows = tf.gather(self.embedding.vectors.value, tokens)
        computed: list[list[Lookup]] = [
            [partial(tf.gather, products(rows, kernel.value[position])) for position in range(kernel.shape[0])]
            for kernel in self.kernels
        ]
        return pooled_of_row(computed, documents.with_flat_values(places[1:]), biases)

    def _lookups(self, table: ComputedTable) -> list[list[Lookup]]:
        """What gives the products of some tokens at each position of the filters of each width."""
        widths = [kernel.shape[0] for kernel in self.kernels]
        places = iter(range(sum(widths)))

        def rows(tokens: tf.Tensor, place: int) -> tf.Tensor:
            return table.rows(tokens * sum(widths) + place)

        return [[partial(rows, place=next(places)) for _ in range(width)] for width in widths]

    def call(self, rows: tf.Tensor, places: tf.Tensor, dropout_seed: tf.Tensor | None = None) -> tf.Tensor:
        """Returns the pooled features of each document; see `pooled`."""
        rows, places = self.embedding.thinned(rows, places, dropout_seed)
        weights = [k.value for k in self.kernels], [b.value for b in self.biases]
        if dropout_seed is None:
            return self._pooled(rows, places, *weights)
        return pooled(rows, places, *weights, self._precision)

    def portable(self, ids: keras.KerasTensor, name: str) -> keras.KerasTensor:
        """Returns the pooled features of each document; see `Branch`."""
        rows = portable.embedded(self.embedding.vectors, ids, name)
        outside = (1.0 - portable.inside(ids)) * portable.NEVER
        strongest = []
        for kernel, bias in zip(self.kernels, self.biases, strict=True):
            width, _, filters = kernel.shape
            convolution = keras.layers.Conv1D(filters, width, name=f"{name}_width_{width}")
            weights = [keras.ops.convert_to_numpy(kernel), keras.ops.convert_to_numpy(bias)]
            ahead = keras.layers.ZeroPadding1D((0, width - 1))(rows)
            answers = portable.with_weights(convolution, (None, None, kernel.shape[1]), weights)(ahead)
            strongest.append(keras.ops.max(answers + outside, 1))
        return keras.ops.relu(portable.joined(strongest))

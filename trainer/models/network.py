"""What step, mixture and export know of a network: its tables, and how it classifies from their rows."""

from abc import abstractmethod
from collections.abc import Mapping

import keras
import tensorflow as tf

from run.config import View
from text.vocabulary import PADDING
from trainer.computed_table import ComputedTable
from trainer.graph.rows import lengths
from trainer.table_optimizers import LazyAdam, TableOptimizer


class Network(keras.Model):
    """A classifier of documents whose scores for a document depend neither on its batch nor on padding.

    It has a table for each of its views, with a row for each token id. It is handed the rows of the distinct tokens
    of a batch, and where each of them stands: so it can do once what equal tokens share, and a step exchanges and
    updates the rows that the batch has touched, however large the vocabulary is.
    """

    embeds = True
    """Whether its tables are embeddings of tokens, which can begin with vectors that were trained elsewhere."""
    optimizer: type[TableOptimizer] = LazyAdam
    """Of its tables."""
    rate = 1.0
    """How much faster than `train.learning_rate` its tables learn."""
    tables: dict[View, tf.Variable]
    """Of each view float32 [token ids, columns]."""

    @abstractmethod
    def classify(
        self, rows: Mapping[View, tf.Tensor], places: Mapping[View, tf.Tensor], dropout_seed: tf.Tensor | None = None
    ) -> tf.Tensor:
        """Returns the logits of documents.

        Args:
            rows: of each table those of the distinct tokens, float32 [distinct, columns]; the first is of the padding,
                whatever it is.
            places: which of them stands where, of each view int64 [documents, tokens], 0 in the padding; at least one
                column.
            dropout_seed: int32 [2] in training; None means no dropout.

        Returns:
            float32 [documents, classes].
        """

    def call(self, ids: Mapping[View, tf.Tensor], dropout_seed: tf.Tensor | None = None) -> tf.Tensor:
        """Returns the logits of documents, float32 [documents, classes].

        Args:
            ids: token ids of each view, int32 [documents, tokens], 0 where a document has ended.
            dropout_seed: int32 [2] in training; None means no dropout.
        """
        found = {view: distinct(of_view) for view, of_view in ids.items()}
        rows = {view: tf.gather(table, found[view][0]) for view, table in self.tables.items()}
        return self.classify(rows, {view: places for view, (_, places) in found.items()}, dropout_seed)

    def freeze(self, name: str) -> list[ComputedTable]:  # noqa: ARG002 - most have no such tables
        """Lets `answer` take from tables what depends on no document; they have to be saved with it.

        Args:
            name: that no other network of the model has.
        """
        return []

    def answer(self, documents: Mapping[View, tf.RaggedTensor]) -> tf.Tensor:
        """Returns the logits of documents when nobody trains any more, float32 [documents, classes].

        Args:
            documents: token ids of each view, int32 [documents, (tokens)].
        """
        return self({view: documents[view].to_tensor(PADDING) for view in self.tables})

    @abstractmethod
    def portable(self, ids: Mapping[View, keras.KerasTensor], name: str) -> keras.KerasTensor:
        """Returns the logits of documents as `call` does, of Keras's own layers with a copy of the weights.

        Args:
            ids: symbolic token ids of each view, int32 [documents, tokens], at least one column.
            name: what the layers' names begin with.
        """


def distinct(ids: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns the distinct token ids of a batch, the padding's first, and which of them stands where.

    Args:
        ids: int32 [documents, tokens].

    Returns:
        int32 [distinct], and int64 [documents, tokens], at least one column.
    """
    # A GPU finds them by sorting, and would wait for the CPU to be told how many there are.
    with tf.device("CPU:0"):
        ids = tf.pad(ids, [[0, 0], [0, tf.cast(tf.shape(ids)[1] == 0, tf.int32)]], constant_values=PADDING)
        tokens, places = tf.unique(tf.concat([[PADDING], tf.reshape(ids, [-1])], 0), tf.int64)
        return tokens, tf.reshape(places[1:], tf.shape(ids))


def summed(rows: tf.Tensor, places: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns the sum of the rows of each document's tokens, and their number, at least 1.

    Args:
        rows: of the distinct tokens, float32 [distinct, columns].
        places: which of them stands where, int64 [documents, tokens], 0 in the padding.

    Returns:
        float32 [documents, columns] and float32 [documents, 1].
    """
    documents, columns = tf.unstack(tf.shape(places))
    in_a_row = tf.reshape(places, [-1])
    inside = tf.where(in_a_row != 0)[:, 0]
    # One segment more has the padding's row: the gradient of no segment at all is whatever was in that memory.
    total = tf.raw_ops.SparseSegmentSumWithNumSegments(
        data=rows,
        indices=tf.concat([tf.gather(in_a_row, inside), [0]], 0),
        segment_ids=tf.concat([inside // tf.cast(columns, tf.int64), [tf.cast(documents, tf.int64)]], 0),
        num_segments=documents + 1,
    )
    return total[:-1], tf.maximum(tf.math.count_nonzero(places, 1, keepdims=True, dtype=rows.dtype), 1.0)


def summed_of_row(table: tf.Variable, documents: tf.RaggedTensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns what `summed` does, of documents in a row, without padding.

    Args:
        table: float32 [token ids, columns].
        documents: token ids, int32 [documents, (tokens)].
    """
    rows = tf.raw_ops.SparseSegmentSumWithNumSegments(
        data=table,
        indices=documents.flat_values,
        segment_ids=documents.value_rowids(),
        num_segments=documents.nrows(tf.int32),
    )
    return rows, tf.maximum(tf.cast(lengths(documents), rows.dtype)[:, None], 1.0)


def dropped(values: tf.Tensor, rate: float, seed: tf.Tensor | None) -> tf.Tensor:
    """Leaves out a share of the values and scales up the others; without a seed, nothing happens."""
    return values if seed is None or not rate else tf.nn.experimental.stateless_dropout(values, rate, seed=seed)


def another(seed: tf.Tensor | None, number: int) -> tf.Tensor | None:
    """Returns another seed for each number."""
    return None if seed is None else seed + tf.constant([number * 7_919, 0])

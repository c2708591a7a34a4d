"""From texts to the tokens of each view inside the graph, as `text.preparation` does it in Python."""

from collections.abc import Sequence

import tensorflow as tf

from run.config import View
from text.segmenter import Segmenter
from text.views import BETWEEN, kept_tokens
from trainer.graph.characters import SPACE, code_points, kinds
from trainer.graph.segmentation import GraphSegmenter


class GraphPreparation(tf.Module):
    """Turns texts into tokens; the words are those of a segmenter of which it has dictionary and stop words."""

    def __init__(self, segmenter: Segmenter, views: Sequence[View], max_length: int):
        """Takes the dictionary into variables and the stop words into a table."""
        super().__init__(name="preparation")
        self.segmenter = GraphSegmenter(segmenter.dictionary())
        self.views = tuple(views)
        self.max_length = max_length
        stop_words = tf.constant(sorted(segmenter.stop_words), tf.string)
        pairs = tf.lookup.KeyValueTensorInitializer(stop_words, tf.ones_like(stop_words, tf.int32))
        self.stop_words = tf.lookup.StaticHashTable(pairs, default_value=0) if segmenter.stop_words else None

    def __call__(self, texts: tf.Tensor) -> dict[View, tf.RaggedTensor]:
        """Returns the tokens of texts in each view, string [texts, (tokens)]; white space is in none.

        Args:
            texts: UTF-8, string [texts].
        """
        codes = code_points(texts)
        texts_of = codes.value_rowids()
        words = self._words(codes, texts_of) if any(view.startswith("word") for view in self.views) else codes
        characters = self._characters(codes, texts_of)
        found: dict[View, tf.RaggedTensor] = {}
        for view in self.views:
            tokens = words if view.startswith("word") else characters
            found[view] = _pairs(tokens) if view.endswith("2") else _first(tokens, kept_tokens(view, self.max_length))
        return found

    def _words(self, codes: tf.RaggedTensor, texts_of: tf.Tensor) -> tf.RaggedTensor:
        """The first words of texts, without white space and stop words: one more than are kept, for the pairs."""
        characters, splits = codes.flat_values, codes.row_splits
        text_starts = tf.scatter_nd(splits[:-1, None], tf.ones_like(splits[:-1]), [tf.size(characters, tf.int64) + 1])
        starts = tf.where(self.segmenter.starts(characters, text_starts[:-1] > 0))[:, 0]
        words = _strings(characters, starts)
        kept = kinds(tf.gather(characters, starts)) != SPACE
        if self.stop_words is not None:
            kept &= self.stop_words.lookup(words) == 0
        at = tf.where(kept)[:, 0]
        kept_words = _rows(tf.gather(words, at), tf.gather(tf.gather(texts_of, starts), at), codes.nrows())
        return _first(kept_words, kept_tokens("word", self.max_length) + 1)

    def _characters(self, codes: tf.RaggedTensor, texts_of: tf.Tensor) -> tf.RaggedTensor:
        """The first characters of texts, without white space: one more than are kept, for the pairs."""
        at = tf.where(kinds(codes.flat_values) != SPACE)[:, 0]
        visible = _rows(tf.gather(codes.flat_values, at), tf.gather(texts_of, at), codes.nrows())
        first = _first(visible, kept_tokens("char", self.max_length) + 1)
        return first.with_flat_values(_strings(first.flat_values, tf.range(tf.size(first.flat_values, tf.int64))))


# Ragged tensors that are right by how they are made: to check them would take longer than to make them.


def _rows(values: tf.Tensor, row_of: tf.Tensor, rows: tf.Tensor) -> tf.RaggedTensor:
    """Values in rows, of which each is in order."""
    return tf.RaggedTensor.from_value_rowids(values, row_of, rows, validate=False)


def _strings(codes: tf.Tensor, starts: tf.Tensor) -> tf.Tensor:
    """The characters from each start to the next, as strings."""
    return tf.strings.unicode_encode(tf.RaggedTensor.from_row_starts(codes, starts, validate=False), "UTF-8")


def _first(tokens: tf.RaggedTensor, kept: int) -> tf.RaggedTensor:
    """So many tokens of each row."""
    place = tf.range(tf.size(tokens.flat_values, tf.int64)) - tf.gather(tokens.row_starts(), tokens.value_rowids())
    at = tf.where(place < kept)[:, 0]
    return _rows(tf.gather(tokens.flat_values, at), tf.gather(tokens.value_rowids(), at), tokens.nrows())


def _pairs(tokens: tf.RaggedTensor) -> tf.RaggedTensor:
    """The pairs of neighbours."""
    row_of = tokens.value_rowids()
    first = tf.where(row_of[1:] == row_of[:-1])[:, 0]
    pairs = [tf.gather(tokens.flat_values, first), tf.gather(tokens.flat_values, first + 1)]
    return _rows(tf.strings.join(pairs, BETWEEN), tf.gather(row_of, first), tokens.nrows())

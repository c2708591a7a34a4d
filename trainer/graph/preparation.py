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
        words = self._words(codes) if any(view.startswith("word") for view in self.views) else codes
        characters = _characters(codes, kept_tokens("char", self.max_length) + 1)
        found: dict[View, tf.RaggedTensor] = {}
        for view in self.views:
            tokens = words if view.startswith("word") else characters
            kept = kept_tokens(view, self.max_length)
            found[view] = _pairs(tokens[:, : kept + 1]) if view.endswith("2") else tokens[:, :kept]
        return found

    def _words(self, codes: tf.RaggedTensor) -> tf.RaggedTensor:
        """The words of texts, without white space and stop words."""
        characters, splits = codes.flat_values, codes.row_splits
        text_starts = tf.scatter_nd(splits[:-1, None], tf.ones_like(splits[:-1]), [tf.size(characters, tf.int64) + 1])
        starts = tf.where(self.segmenter.starts(characters, text_starts[:-1] > 0))[:, 0]
        texts = tf.gather(codes.value_rowids(), starts)
        words = tf.strings.unicode_encode(tf.RaggedTensor.from_row_starts(characters, starts), "UTF-8")
        kept = kinds(tf.gather(characters, starts)) != SPACE
        if self.stop_words is not None:
            kept &= self.stop_words.lookup(words) == 0
        return tf.RaggedTensor.from_value_rowids(words[kept], texts[kept], codes.nrows())


def _characters(codes: tf.RaggedTensor, kept: int) -> tf.RaggedTensor:
    """The first characters of texts, without white space."""
    visible = codes.with_flat_values(kinds(codes.flat_values) != SPACE)
    characters = tf.ragged.boolean_mask(codes, visible)[:, :kept]
    one_each = tf.RaggedTensor.from_row_lengths(characters.flat_values, tf.ones_like(characters.flat_values))
    return characters.with_flat_values(tf.strings.unicode_encode(one_each, "UTF-8"))


def _pairs(tokens: tf.RaggedTensor) -> tf.RaggedTensor:
    """The pairs of neighbours."""
    first, second = tokens[:, :-1], tokens[:, 1:]
    return first.with_flat_values(tf.strings.join([first.flat_values, second.flat_values], BETWEEN))

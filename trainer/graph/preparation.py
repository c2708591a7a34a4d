"""From texts to the tokens of each view inside the graph, as `text.preparation` does it in Python."""

from collections.abc import Sequence
from typing import NamedTuple

import tensorflow as tf

from run.config import View
from text.segmenter import Segmenter
from text.views import BETWEEN, kept_tokens
from trainer.graph.characters import SPACE, code_points, kinds
from trainer.graph.segmentation import GraphSegmenter


class Cut(NamedTuple):
    """What the tokens of texts are made of, without white space and stop words: one more than are kept, for pairs."""

    words: tf.RaggedTensor | None
    """String [texts, (words)]; None where no view is of words."""
    characters: tf.RaggedTensor
    """Code points, int32 [texts, (characters)]."""


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
        return self.tokens(self.cut(texts))

    def cut(self, texts: tf.Tensor) -> Cut:
        """Cuts texts, UTF-8, string [texts]."""
        codes, splits = code_points(texts)
        starting = tf.scatter_nd(splits[:-1, None], tf.ones_like(splits[:-1]), [tf.size(codes, tf.int64) + 1])[:-1]
        kind = kinds(codes)
        visible = kind != SPACE
        text_of, count = tf.cumsum(starting) - 1, tf.size(texts, tf.int64)
        at = self._first("char", tf.where(visible)[:, 0], text_of, count)
        characters = at.with_flat_values(tf.gather(codes, at.flat_values))
        if not any(view.startswith("word") for view in self.views):
            return Cut(None, characters)
        starts = tf.where(self.segmenter.starts(codes, kind, starting > 0))[:, 0]
        words = _strings(codes, starts)
        kept = tf.gather(visible, starts)
        if self.stop_words is not None:
            kept &= self.stop_words.lookup(words) == 0
        at = self._first("word", tf.where(kept)[:, 0], tf.gather(text_of, starts), count)
        return Cut(at.with_flat_values(tf.gather(words, at.flat_values)), characters)

    def kept(self, view: View, cut: Cut) -> tf.RaggedTensor:
        """Returns the words or code points that are the tokens of a view without pairs, [texts, (tokens)]."""
        return _beginning(cut.words if view == "word" else cut.characters, kept_tokens(view, self.max_length))

    def tokens(self, cut: Cut) -> dict[View, tf.RaggedTensor]:
        """Returns the tokens of each view, string [texts, (tokens)]."""
        characters = cut.characters.with_flat_values(_characters(cut.characters.flat_values))
        in_strings = Cut(cut.words, characters)
        found: dict[View, tf.RaggedTensor] = {}
        for view in self.views:
            if view.endswith("2"):
                pairs = neighbours(in_strings.words if view == "word2" else in_strings.characters)
                found[view] = pairs[0].with_flat_values(tf.strings.join([of.flat_values for of in pairs], BETWEEN))
            else:
                found[view] = self.kept(view, in_strings)
        return found

    def _first(self, view: View, at: tf.Tensor, text_of: tf.Tensor, texts: tf.Tensor) -> tf.RaggedTensor:
        """One more of the tokens of each text than are kept, by where they are; with the text of every place."""
        return _beginning(_rows(at, tf.gather(text_of, at), texts), kept_tokens(view, self.max_length) + 1)


def neighbours(tokens: tf.RaggedTensor) -> tuple[tf.RaggedTensor, tf.RaggedTensor]:
    """Returns the first and the second of all tokens that stand beside each other, each [texts, (pairs)]."""
    row_of = tokens.value_rowids()
    first = tf.where(row_of[1:] == row_of[:-1])[:, 0]
    firsts = _rows(tf.gather(tokens.flat_values, first), tf.gather(row_of, first), tokens.nrows())
    return firsts, firsts.with_flat_values(tf.gather(tokens.flat_values, first + 1))


# Ragged tensors that are right by how they are made: to check them would take longer than to make them.


def _rows(values: tf.Tensor, row_of: tf.Tensor, rows: tf.Tensor) -> tf.RaggedTensor:
    """Values in rows, of which each is in order."""
    return tf.RaggedTensor.from_value_rowids(values, row_of, rows, validate=False)


def _strings(codes: tf.Tensor, starts: tf.Tensor) -> tf.Tensor:
    """The characters from each start to the next, as strings."""
    return tf.strings.unicode_encode(tf.RaggedTensor.from_row_starts(codes, starts, validate=False), "UTF-8")


def _characters(codes: tf.Tensor) -> tf.Tensor:
    """Each character as a string."""
    return _strings(codes, tf.range(tf.size(codes, tf.int64)))


def _beginning(tokens: tf.RaggedTensor, kept: int) -> tf.RaggedTensor:
    """So many tokens of each row."""
    place = tf.range(tf.size(tokens.flat_values, tf.int64)) - tf.gather(tokens.row_starts(), tokens.value_rowids())
    at = tf.where(place < kept)[:, 0]
    return _rows(tf.gather(tokens.flat_values, at), tf.gather(tokens.value_rowids(), at), tokens.nrows())

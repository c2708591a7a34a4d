"""From texts to the tokens of each view inside the graph, as `text.preparation` does it in Python."""

from collections.abc import Sequence

import tensorflow as tf

from run.config import View
from text.segmenter import Segmenter
from text.views import BETWEEN, kept_tokens
from trainer.graph.characters import SPACE, code_points, kinds
from trainer.graph.rows import beginning, neighbours, ragged
from trainer.graph.segmentation import GraphSegmenter

Parts = tuple[tf.RaggedTensor, ...]
"""What tokens are made of: the first words or characters of all, and where they are pairs the second ones of all. Words
are string, characters are int32 code points, each [texts, (tokens)]."""


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
        return {view: joined(of_view) for view, of_view in self.parts(texts).items()}

    def parts(self, texts: tf.Tensor) -> dict[View, Parts]:
        """Returns the parts of the tokens of texts in each view: most ways to use characters need no string of them."""
        of_texts = code_points(texts)
        codes, begins, count = of_texts.flat_values, of_texts.row_splits[:-1], of_texts.nrows()
        text_of = tf.cumsum(tf.scatter_nd(begins[:, None], tf.ones_like(begins), tf.shape(codes, tf.int64))) - 1
        kind = kinds(codes)
        visible = kind != SPACE
        found = {}
        if any(view.startswith("word") for view in self.views):
            starts = tf.where(self.segmenter.starts(codes, kind))[:, 0]
            words, kept = strings(codes, starts), tf.gather(visible, starts)
            if self.stop_words is not None:
                kept &= self.stop_words.lookup(words) == 0
            found["word"] = self._first("word", words, kept, tf.gather(text_of, starts), count)
        if any(view.startswith("char") for view in self.views):
            found["char"] = self._first("char", codes, visible, text_of, count)
        return {view: self._parts(view, found[view.removesuffix("2")]) for view in self.views}

    def _first(
        self, view: View, values: tf.Tensor, kept: tf.Tensor, text_of: tf.Tensor, texts: tf.Tensor
    ) -> tf.RaggedTensor:
        """Those to keep of all texts' words or characters, of each text one more than its tokens may be: for pairs."""
        at = tf.where(kept)[:, 0]
        first = beginning(ragged(at, tf.gather(text_of, at), texts), kept_tokens(view, self.max_length) + 1)
        return first.with_flat_values(tf.gather(values, first.flat_values))

    def _parts(self, view: View, found: tf.RaggedTensor) -> Parts:
        return neighbours(found) if view.endswith("2") else (beginning(found, kept_tokens(view, self.max_length)),)


def joined(parts: Parts) -> tf.RaggedTensor:
    """Returns the tokens that are made of parts, string [texts, (tokens)]."""
    values = [part.flat_values for part in parts]
    if values[0].dtype == tf.int32:
        values = [strings(codes, tf.range(tf.size(codes, tf.int64))) for codes in values]
    return parts[0].with_flat_values(tf.strings.join(values, BETWEEN) if len(values) > 1 else values[0])


def strings(codes: tf.Tensor, starts: tf.Tensor) -> tf.Tensor:
    """Returns the characters from each start to the next, as strings."""
    return tf.strings.unicode_encode(tf.RaggedTensor.from_row_starts(codes, starts, validate=False), "UTF-8")

"""From tokens to their ids inside the graph."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import tensorflow as tf

from run.config import View
from text.vocabulary import FIRST_TOKEN, UNKNOWN, Vocabulary
from trainer.graph.preparation import Parts, joined

_CODE_BITS = 21
"""Of any code point."""
_NO_NUMBER = UNKNOWN - FIRST_TOKEN


class GraphVocabularies(tf.Module):
    """The ids of each view's tokens: by their strings, and those of characters by code points, which is sooner done."""

    def __init__(self, vocabularies: Mapping[View, Vocabulary], files: Mapping[View, Path]):
        """Takes the vocabularies, whose files become assets."""
        super().__init__(name="vocabularies")
        self.files = {view: tf.saved_model.Asset(str(file)) for view, file in files.items()}
        self.by_string = {view: _of_lines(file) for view, file in self.files.items()}
        of_characters = {view: of_view for view, of_view in vocabularies.items() if view.startswith("char")}
        self.by_codes = {view: _of_codes(of_view.tokens) for view, of_view in of_characters.items()}

    def of_tokens(self, tokens: Mapping[View, tf.RaggedTensor]) -> dict[View, tf.RaggedTensor]:
        """Returns the ids of tokens, int32 [texts, (tokens)], for string [texts, (tokens)]."""
        return {view: _ids(self.by_string[view], of_view) for view, of_view in tokens.items()}

    def of_parts(self, parts: Mapping[View, Parts]) -> dict[View, tf.RaggedTensor]:
        """Returns the ids of tokens that are made of parts, int32 [texts, (tokens)]."""
        return {
            view: _ids(self.by_codes[view], _keys(of_view))
            if view in self.by_codes
            else _ids(self.by_string[view], joined(of_view))
            for view, of_view in parts.items()
        }


def _ids(table: tf.lookup.StaticHashTable, keys: tf.RaggedTensor) -> tf.RaggedTensor:
    numbers = tf.cast(table.lookup(keys.flat_values), tf.int32)
    return keys.with_flat_values(numbers + FIRST_TOKEN)


def _keys(parts: Parts) -> tf.RaggedTensor:
    """The code points of a token side by side in a number, int64 [texts, (tokens)]."""
    first, *second = (tf.cast(part.flat_values, tf.int64) for part in parts)
    return parts[0].with_flat_values(tf.bitwise.left_shift(first, _CODE_BITS) | second[0] if second else first)


def _of_lines(file: tf.saved_model.Asset) -> tf.lookup.StaticHashTable:
    """Line numbers of tokens."""
    whole, number = tf.lookup.TextFileIndex.WHOLE_LINE, tf.lookup.TextFileIndex.LINE_NUMBER
    lines = tf.lookup.TextFileInitializer(file.asset_path, tf.string, whole, tf.int64, number)
    return tf.lookup.StaticHashTable(lines, default_value=_NO_NUMBER)


def _of_codes(tokens: Iterable[str]) -> tf.lookup.StaticHashTable:
    """Numbers of characters, or of pairs of them, by `_keys`."""
    keys = {_key(token): number for number, token in enumerate(tokens)}
    numbers = np.array([*keys.values()], np.int32)
    pairs = tf.lookup.KeyValueTensorInitializer(np.array([*keys], np.int64), numbers)
    return tf.lookup.StaticHashTable(pairs, default_value=_NO_NUMBER)


def _key(token: str) -> int:
    return ord(token) if len(token) == 1 else ord(token[0]) << _CODE_BITS | ord(token[-1])

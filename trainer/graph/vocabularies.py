"""From tokens to their ids inside the graph."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from run.config import View
from text.views import BETWEEN
from text.vocabulary import FIRST_TOKEN, UNKNOWN, Vocabulary
from trainer.graph.preparation import Cut, GraphPreparation, neighbours

_CODE_BITS = 21
"""Of any code point."""


class GraphVocabularies(tf.Module):
    """The ids of each view's tokens: of strings, and of characters by their code points, without making strings."""

    def __init__(self, vocabularies: Mapping[View, Vocabulary], files: Mapping[View, Path]):
        """Takes the vocabularies, whose files become assets."""
        super().__init__(name="vocabularies")
        self.files = {view: tf.saved_model.Asset(str(file)) for view, file in files.items()}
        self.of_strings = {view: _of_lines(file) for view, file in self.files.items()}
        of_characters = {view: of_view for view, of_view in vocabularies.items() if view.startswith("char")}
        self.of_codes = {view: _of_codes(view, of_view.tokens) for view, of_view in of_characters.items()}

    def of_tokens(self, tokens: Mapping[View, tf.RaggedTensor]) -> dict[View, tf.RaggedTensor]:
        """Returns the ids of tokens, int32 [texts, (tokens)], for string [texts, (tokens)]."""
        return {view: _ids(self.of_strings[view], of_view) for view, of_view in tokens.items()}

    def of_cut(self, cut: Cut, preparation: GraphPreparation) -> dict[View, tf.RaggedTensor]:
        """Returns the ids of the tokens of texts that have been cut, int32 [texts, (tokens)]."""
        found: dict[View, tf.RaggedTensor] = {}
        for view, table in self.of_strings.items():
            if view == "char":
                codes = preparation.kept(view, cut)
                found[view] = _ids(self.of_codes[view], codes.with_flat_values(tf.cast(codes.flat_values, tf.int64)))
            elif view == "char2":
                first, second = neighbours(cut.characters)
                high, low = (tf.cast(code.flat_values, tf.int64) for code in (first, second))
                keys = tf.bitwise.left_shift(high, _CODE_BITS) | low
                found[view] = _ids(self.of_codes[view], first.with_flat_values(keys))
            elif view == "word":
                found[view] = _ids(table, preparation.kept(view, cut))
            else:
                first, second = neighbours(cut.words)
                joined = tf.strings.join([first.flat_values, second.flat_values], BETWEEN)
                found[view] = _ids(table, first.with_flat_values(joined))
        return found


def _ids(table: tf.lookup.StaticHashTable, keys: tf.RaggedTensor) -> tf.RaggedTensor:
    numbers = tf.cast(table.lookup(keys.flat_values), tf.int32)
    return keys.with_flat_values(numbers + FIRST_TOKEN)


def _of_lines(file: tf.saved_model.Asset) -> tf.lookup.StaticHashTable:
    """Line numbers of tokens."""
    whole, number = tf.lookup.TextFileIndex.WHOLE_LINE, tf.lookup.TextFileIndex.LINE_NUMBER
    lines = tf.lookup.TextFileInitializer(file.asset_path, tf.string, whole, tf.int64, number)
    return tf.lookup.StaticHashTable(lines, default_value=UNKNOWN - FIRST_TOKEN)


def _of_codes(view: View, tokens: Sequence[str]) -> tf.lookup.StaticHashTable:
    """Numbers of tokens by the code point of a character, or by those of two, one above the other."""
    between = len(BETWEEN) if view == "char2" else 0
    length = 2 + between if view == "char2" else 1
    numbers = [number for number, token in enumerate(tokens) if len(token) == length]
    keys = [
        ord(tokens[number][0]) << _CODE_BITS | ord(tokens[number][-1]) if between else ord(tokens[number])
        for number in numbers
    ]
    pairs = tf.lookup.KeyValueTensorInitializer(np.array(keys, np.int64), np.array(numbers, np.int64))
    return tf.lookup.StaticHashTable(pairs, default_value=UNKNOWN - FIRST_TOKEN)

"""Code points of texts, and what kind of character each is."""

import re

import numpy as np
import tensorflow as tf

OTHER, SPACE, DICTIONARY, LATIN = range(4)
"""What a character is to the segmenter: a token of its own, nothing, a part of words, a Latin letter or a digit."""

_KINDS = 1 << 16
"""Characters from here on are like the last one before: tokens of their own."""
_IN_WORDS = re.compile(r"[\u4E00-\u9FD5a-zA-Z0-9+#&._%\-]+")
_LATIN = re.compile("[a-zA-Z0-9]")


def in_words(text: str) -> bool:
    """Whether the segmenter can find a word of these characters."""
    return _IN_WORDS.fullmatch(text) is not None


def _kind(character: str) -> int:
    if character.isspace():
        return SPACE
    if _LATIN.match(character):
        return LATIN
    return DICTIONARY if in_words(character) else OTHER


KINDS = np.array([_kind(chr(code)) for code in range(_KINDS)], np.int32)
"""Of each code point; the classes are jieba's (`re_han_default` and `re_eng` of its version 0.42)."""


def code_points(texts: tf.Tensor) -> tf.RaggedTensor:
    """Returns the code points of texts, int32 [texts, (characters)]; what is not UTF-8 becomes U+FFFD.

    After each text there is a space: so no word reaches from one into the next, and no text is empty.

    Args:
        texts: string [texts].
    """
    return tf.strings.unicode_decode(tf.strings.join([texts, " "]), "UTF-8")


def kinds(characters: tf.Tensor) -> tf.Tensor:
    """Returns the kind of each code point, int32 as the input."""
    return tf.gather(tf.constant(KINDS), tf.minimum(characters, _KINDS - 1))

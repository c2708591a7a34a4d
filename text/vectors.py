"""Vectors of words that were trained elsewhere, in the text format of word2vec: a line for each word, its numbers."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from text.vocabulary import UNKNOWN, Vocabulary

MALFORMED = -1
"""In place of a token id: the line is not of the format."""
_HEADER_FIELDS = 2


@dataclass(frozen=True)
class WordVectors:
    """Vectors of some of a vocabulary's words."""

    ids: np.ndarray
    """Token ids, each once, int32 [words]."""
    values: np.ndarray
    """Float32 [words, size]."""


def parsed(lines: Iterable[str], vocabulary: Vocabulary, size: int) -> Iterator[tuple[int, bytes]]:
    """Yields token ids of the words that the vocabulary has, and their vectors, float32 [size] in bytes.

    Ends at a line of another form, with `MALFORMED` and the line's beginning. The first line of a file may say how
    many words there are and how large their vectors.
    """
    for line in lines:
        fields = line.split()
        if len(fields) == _HEADER_FIELDS != size + 1 and all(map(str.isdecimal, fields)):
            continue
        values = _numbers(fields[1:])
        if values is None or len(values) != size:
            yield MALFORMED, line[:80].encode()
            return
        number = vocabulary.encode(fields[:1])[0]
        if number != UNKNOWN:
            yield number, values.tobytes()


def _numbers(fields: list[str]) -> np.ndarray | None:
    try:
        with np.errstate(over="ignore"):  # what is too large is infinite, and refused
            values = np.array(fields, np.float32)
    except ValueError:
        return None
    return values if np.isfinite(values).all() else None


def collected(pairs: Iterable[tuple[int, bytes]], size: int) -> WordVectors:
    """Puts together what `parsed` has found; of a word that comes twice, the first vector."""
    first: dict[int, bytes] = {}
    for number, vector in pairs:
        first.setdefault(number, vector)
    values = np.frombuffer(b"".join(first.values()), np.float32)
    return WordVectors(np.array(list(first), np.int32), values.reshape(len(first), size))

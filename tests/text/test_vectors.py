"""Vectors of words: lines of word2vec's text format, and what is made of them."""

import numpy as np
import pytest

from text.vectors import MALFORMED, collected, parsed
from text.vocabulary import Vocabulary

KNOWN = Vocabulary(("好", "坏"))


def of(*numbers: float) -> bytes:
    return np.array(numbers, np.float32).tobytes()


def test_known_words_have_their_vectors() -> None:
    lines = ["3 2", "好 0.5 -1e-1", "书 1 2", "坏\t3  4 "]
    assert list(parsed(lines, KNOWN, 2)) == [(2, of(0.5, -0.1)), (3, of(3, 4))]


def test_a_vector_of_one_number_is_no_first_line() -> None:
    assert list(parsed(["好 7"], KNOWN, 1)) == [(2, of(7))]


@pytest.mark.parametrize("line", ["好", "好 1", "好 1 2 3", "好 1 two", "好 1 nan", "很 好 1 2"])
def test_a_line_of_another_form_ends_the_reading_and_is_told(line: str) -> None:
    assert list(parsed(["坏 1 2", line, "好 1 2"], KNOWN, 2)) == [(3, of(1, 2)), (MALFORMED, line.encode())]


def test_of_a_word_that_comes_twice_the_first_vector_counts() -> None:
    vectors = collected([(3, of(1, 2)), (2, of(3, 4)), (3, of(5, 6))], 2)
    assert vectors.ids.tolist() == [3, 2]
    assert vectors.values.tolist() == [[1, 2], [3, 4]]

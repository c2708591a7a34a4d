"""The vocabulary: which tokens get a number, and which number."""

import pickle

import numpy as np

from text.vocabulary import PADDING, UNKNOWN, Vocabulary

COUNTS = {"坏": 2, "好": 2, "的": 9, "B": 2, "稀": 1, "😀": 2}


def test_tokens_are_in_order_of_count_then_of_code_point() -> None:
    vocabulary = Vocabulary.of_counts(COUNTS, size=100, min_count=1)
    assert vocabulary.tokens == ("的", "B", "坏", "好", "😀", "稀")


def test_the_order_of_the_counts_does_not_matter() -> None:
    turned = dict(reversed(COUNTS.items()))
    assert Vocabulary.of_counts(turned, 100, 1) == Vocabulary.of_counts(COUNTS, 100, 1)


def test_a_token_that_is_rarer_than_min_count_has_no_number() -> None:
    assert Vocabulary.of_counts(COUNTS, size=100, min_count=3).tokens == ("的",)
    assert Vocabulary.of_counts(COUNTS, size=100, min_count=10).tokens == ()


def test_the_size_includes_padding_and_unknown() -> None:
    vocabulary = Vocabulary.of_counts(COUNTS, size=4, min_count=1)
    assert vocabulary.tokens == ("的", "B")
    assert len(vocabulary) == 4


def test_padding_is_0_unknown_is_1_and_the_most_frequent_token_is_2() -> None:
    assert (PADDING, UNKNOWN) == (0, 1)
    assert Vocabulary(("的", "好")).encode(["好", "书", "的", "的", ""]) == [3, 1, 2, 2, 1]


def test_to_decode_gives_the_tokens_back_and_nothing_for_padding_and_unknown() -> None:
    vocabulary = Vocabulary(("的", "好"))
    assert vocabulary.decode([3, 1, 2, 0]) == ["好", "", "的", ""]
    assert vocabulary.decode(np.array([2, 3], np.int32)) == ["的", "好"]


def test_a_vocabulary_travels_as_its_tokens_alone() -> None:
    used = Vocabulary(("的", "好"))
    used.encode(["好"])
    data = pickle.dumps(used)
    assert data == pickle.dumps(Vocabulary(("的", "好")))
    assert pickle.loads(data).encode(["好"]) == [3]

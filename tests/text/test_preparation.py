"""A row becomes a tokenized document of a split, or an error with its reason."""

import pytest

from run.config import TextConfig
from text.errors import RowError
from text.preparation import Preparation, token_counts
from text.segmenter import Segmenter

TEXT = TextConfig(views=("word", "char2"), max_length=3)
PREPARATION = Preparation.of(TEXT, Segmenter(stop_words=frozenset("的")), lambda _: "test")


def test_a_row_becomes_a_document_of_its_first_tokens() -> None:
    found = PREPARATION.document(("书的内容很好".encode(), b" good "))
    assert (found.split, found.label) == ("test", "good")
    assert found.tokens == {"word": ["书", "内容", "很"], "char2": ["书‿的", "的‿内", "内‿容", "容‿很", "很‿好"]}


def test_it_is_known_how_long_a_document_was_before_it_was_cut() -> None:
    assert PREPARATION.document(("书的内容很好".encode(), b"good")).length == 4


def test_a_row_that_cannot_be_used_says_why() -> None:
    with pytest.raises(RowError, match="no label"):
        PREPARATION.document((b"text", None))


def test_tokens_are_counted() -> None:
    assert token_counts([["a", "b", "a"], [], ["b"]]) == {"a": 2, "b": 2}

"""The tokens of a text in each view."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from run.config import View
from text.views import length_of, tokens_of

TEXT, WORDS = "很 好，\u3000OK😀", ["很", "好", "，", "OK", "😀"]


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        ("word", WORDS),
        ("word2", ["很‿好", "好‿，", "，‿OK", "OK‿😀"]),
        ("char", ["很", "好", "，", "O", "K", "😀"]),
        ("char2", ["很‿好", "好‿，", "，‿O", "O‿K", "K‿😀"]),
    ],
)
def test_each_view_has_its_tokens(view: View, expected: list[str]) -> None:
    assert tokens_of(view, TEXT, WORDS, 128) == expected
    assert length_of(view, TEXT, WORDS) == len(expected)
    assert (tokens_of(view, "", [], 128), length_of(view, "", [])) == ([], 0)


def test_a_view_of_characters_is_twice_as_long_as_one_of_words() -> None:
    assert tokens_of("word", TEXT, WORDS, 2) == ["很", "好"]
    assert tokens_of("char", TEXT, WORDS, 2) == ["很", "好", "，", "O"]
    assert tokens_of("word2", TEXT, WORDS, 2) == ["很‿好", "好‿，"]


@given(st.text(max_size=30), st.sampled_from(["char", "char2"]))
def test_no_token_has_white_space(text: str, view: View) -> None:
    tokens = tokens_of(view, text, [], 128)
    assert " ".join(tokens).split() == tokens

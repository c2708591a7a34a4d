"""Views of a text: what its tokens are to one branch of a model."""

from collections.abc import Sequence
from itertools import pairwise

from run.config import View

CHARACTERS_PER_WORD = 2
"""A view of characters is cut after this many times as many tokens as one of words."""


def tokens_of(view: View, text: str, words: Sequence[str], max_length: int) -> list[str]:
    """Returns the tokens of a text in a view, in order; white space is in none.

    Args:
        view: which.
        text: the text.
        words: its words.
        max_length: how many words are kept; twice as many characters, or pairs of them.
    """
    if view == "word":
        return list(words[:max_length])
    characters = [character for character in text if not character.isspace()]
    if view == "char2":
        characters = ["".join(pair) for pair in pairwise(characters)]
    return characters[: CHARACTERS_PER_WORD * max_length]

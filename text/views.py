"""Views of a text: what its tokens are to one branch of a model."""

from collections.abc import Sequence
from itertools import pairwise

from run.config import View

BETWEEN = "\u203f"
"""What joins the tokens of a pair."""
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
    tokens = words if view.startswith("word") else list("".join(text.split()))
    if view.endswith("2"):
        tokens = [BETWEEN.join(pair) for pair in pairwise(tokens)]
    return list(tokens[: kept_tokens(view, max_length)])


def length_of(view: View, text: str, words: Sequence[str]) -> int:
    """Returns how many tokens a text has in a view before any are cut off."""
    singles = len(words) if view.startswith("word") else len("".join(text.split()))
    return max(singles - 1, 0) if view.endswith("2") else singles


def kept_tokens(view: View, max_length: int) -> int:
    """Returns how many tokens of a view are kept where so many words are."""
    return max_length if view.startswith("word") else CHARACTERS_PER_WORD * max_length

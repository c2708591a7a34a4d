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
    tokens, kept = words if view.startswith("word") else "".join(text.split()), kept_tokens(view, max_length)
    return list(map(BETWEEN.join, pairwise(tokens[: kept + 1])) if view.endswith("2") else tokens[:kept])


def length_of(view: View, text: str, words: Sequence[str]) -> int:
    """Returns how many tokens a text has in a view before any are cut off."""
    singles = len(words) if view.startswith("word") else len("".join(text.split()))
    return max(singles - 1, 0) if view.endswith("2") else singles


def kept_tokens(view: View, max_length: int) -> int:
    """Returns how many tokens of a view are kept where so many words are."""
    return max_length if view.startswith("word") else CHARACTERS_PER_WORD * max_length

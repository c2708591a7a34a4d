"""Between the passes: vocabularies, and how often their tokens stand in each class, of all counts together."""

from collections.abc import Iterable, Mapping

import numpy as np

from run.config import TextConfig, View
from text.errors import DataError
from text.vocabulary import FIRST_TOKEN, Vocabulary

Counted = tuple[View, str, Mapping[str, int]]
"""A token of a view with its count in the training documents of each label."""


def vocabularies(
    counted: Iterable[Counted], labels: tuple[str, ...], text: TextConfig
) -> tuple[dict[View, Vocabulary], dict[View, np.ndarray]]:
    """Returns the vocabulary of each view, and the class counts of its tokens, as `ordered` orders them.

    Args:
        counted: every token of a view once, in any order; no more are held than vocabularies have.
        labels: in the order of their classes.
        text: how many tokens a vocabulary has, and how frequent each is.

    Raises:
        DataError: no token is frequent enough.
    """
    of_views: dict[View, list[tuple[int, str, Mapping[str, int]]]] = {view: [] for view in text.views}
    largest = text.vocabulary_size - FIRST_TOKEN
    for view, token, of_labels in counted:
        total = sum(of_labels.values())
        if total >= text.min_count:
            of_view = of_views[view]
            of_view.append((-total, token, of_labels))
            if len(of_view) >= 2 * largest + FIRST_TOKEN:
                of_views[view] = _first(of_view, largest)
    kept = {view: _first(of_view, largest) for view, of_view in of_views.items()}
    found = {view: Vocabulary(tuple(token for _, token, _ in of_view)) for view, of_view in kept.items()}
    check_any(found, text)
    classes = {label: number for number, label in enumerate(labels)}
    return found, {view: _class_counts(of_view, classes) for view, of_view in kept.items()}


def ordered(class_counts: np.ndarray) -> np.ndarray:
    """Returns class counts, in rows of (token id, class, count), ordered by id and class, int64 [rows, 3]."""
    return class_counts[np.lexsort((class_counts[:, 1], class_counts[:, 0]))]


def check_any(found: Mapping[View, Vocabulary], text: TextConfig) -> None:
    """Makes sure that something is known.

    Raises:
        DataError: no token is frequent enough.
    """
    if not any(vocabulary.tokens for vocabulary in found.values()):
        raise DataError(f"No token comes {text.min_count} times in training. Lower text.min_count.")


def _class_counts(counted: list[tuple[int, str, Mapping[str, int]]], classes: Mapping[str, int]) -> np.ndarray:
    rows = [
        (number, classes[label], count)
        for number, (_, _, of_labels) in enumerate(counted, FIRST_TOKEN)
        for label, count in of_labels.items()
    ]
    return ordered(np.array(rows, np.int64).reshape(-1, 3))


def _first(counted: list[tuple[int, str, Mapping[str, int]]], number: int) -> list[tuple[int, str, Mapping[str, int]]]:
    """The most frequent tokens, equal counts in code point order, as `Vocabulary.of_counts` has them."""
    return sorted(counted)[:number]  # no two have the same token, so that counts of labels are not compared

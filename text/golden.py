"""Golden examples: a few texts whose scores an exported model must give again, and how they are chosen."""

import re
from collections.abc import Iterable

from text.records import Document

LONGEST = 10_000
"""Characters of a golden text at most: they travel with the run, and stay in the model."""

_LATIN = re.compile("[a-zA-Z0-9]")  # every document of an input is asked: no loop over its characters in Python


class Candidates:
    """Finds, while documents go by, the few that may become golden.

    They are the first of a label, the first of it that mixes scripts, and those longer or shorter than all before.
    """

    def __init__(self) -> None:
        """Has seen nothing yet."""
        self._labels: set[tuple[str, bool]] = set()
        self._shortest, self._longest = LONGEST + 1, 0

    def is_one(self, text: str, label: str) -> bool:
        """Whether a document is a candidate."""
        length = len(text)
        if length > LONGEST:
            return False
        kind = label, mixes_scripts(text)
        if kind in self._labels and self._shortest <= length <= self._longest:
            return False
        self._labels.add(kind)
        self._shortest, self._longest = min(self._shortest, length), max(self._longest, length)
        return True


def mixes_scripts(text: str) -> bool:
    """Tells whether a text has Latin letters or digits, and others."""
    return not text.isascii() and _LATIN.search(text) is not None


def chosen(candidates: Iterable[Document], count: int) -> tuple[str, ...]:
    """Returns distinct texts of candidates: one of each label while there is room, the others from short to long."""
    ordered = sorted({c.text: c.label for c in candidates}.items(), key=lambda item: (len(item[0]), item[0]))
    of_labels = list({label: text for text, label in ordered}.values())[:count]
    others = [text for text, _ in ordered if text not in of_labels]
    room = min(count - len(of_labels), len(others))
    step = (len(others) - 1) / max(room - 1, 1)
    return tuple(of_labels + [others[round(i * step)] for i in range(room)])

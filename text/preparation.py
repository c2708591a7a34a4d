"""What happens to each row of an input, whichever engine carries it: it becomes a tokenized document of a split."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from run.config import DataConfig, TextConfig, View
from run.splits import Split
from text.errors import RowError
from text.records import LARGEST_ROW, ROW_TOO_LARGE, Fields, LargeRow, document, split_of
from text.segmenter import Segmenter
from text.views import length_of, tokens_of

SHOWN_CHARACTERS = 10_000
"""What is shown of a row that cannot be used."""
SHOWN_BYTES = 4 * SHOWN_CHARACTERS
"""Enough for so many characters."""


class TokenizedDocument(NamedTuple):  # of which a dataclass takes twice as long to make
    """A document as it is counted and encoded."""

    split: Split
    label: str
    tokens: Mapping[View, Sequence[str]]
    text: str | None = None
    """The text itself, where it goes along."""
    length: int | None = None
    """Tokens in the first view before any are cut off, where that is known."""


@dataclass(frozen=True)
class Rejection:
    """A row that cannot be used."""

    reason: str
    source: str
    """Where it comes from."""
    row: str
    """The row, or its beginning."""


@dataclass(frozen=True)
class Preparation:
    """How the rows of an input are prepared; travels to wherever they are."""

    split_of: Callable[[str], Split]
    """The split of a document with a text."""
    segmenter: Segmenter
    views: tuple[View, ...]
    max_length: int
    """Words of a document that are kept."""

    @classmethod
    def of(cls, text: TextConfig, segmenter: Segmenter, split_of: Callable[[str], Split]) -> "Preparation":
        """Prepares as a run file says."""
        return cls(split_of, segmenter, text.views, text.max_length)

    def outcome(self, source: str, row: Any, parse: Callable[[Any], Fields]) -> TokenizedDocument | Rejection:
        """Returns what comes of a row.

        Args:
            source: where it comes from.
            row: a line, or the values of columns, text and label first.
            parse: makes text and label of it, or raises a RowError.
        """
        try:
            if isinstance(row, LargeRow) or (isinstance(row, bytes) and len(row) > LARGEST_ROW):
                raise RowError(ROW_TOO_LARGE)
            return self.document(parse(row))
        except RowError as error:
            return Rejection(str(error), source, _shown(row))

    def document(self, fields: Fields) -> TokenizedDocument:
        """Prepares text and label of a row.

        Raises:
            RowError: it cannot be used; with the reason.
        """
        found = document(fields)
        words = self.segmenter.tokens(found.text)
        length = length_of(self.views[0], found.text, words)
        return TokenizedDocument(
            self.split_of(found.text), found.label, self._cut(found.text, words), found.text, length
        )

    def tokens(self, text: str) -> dict[View, list[str]]:
        """Returns the tokens of a text in each view."""
        return self._cut(text, self.segmenter.tokens(text))

    def _cut(self, text: str, words: Sequence[str]) -> dict[View, list[str]]:
        return {view: tokens_of(view, text, words, self.max_length) for view in self.views}


def split_rule(data: DataConfig) -> Callable[[str], Split]:
    """Returns the split of a document of data.input or data.train by its text, as a run file says."""
    validation_fraction = 0.0 if data.validation else data.validation_fraction
    test_fraction = 0.0 if data.test else data.test_fraction
    return lambda text: split_of(text, validation_fraction, test_fraction)


def _shown(row: Any) -> str:
    values = [row] if isinstance(row, bytes) else [value or b"" for value in row[:2]]
    beginning = b"\t".join(value[:SHOWN_BYTES] for value in values)
    return beginning.decode(errors="backslashreplace")[:SHOWN_CHARACTERS]


def token_counts(documents: Iterable[Sequence[str]]) -> Counter[str]:
    """Counts the tokens of documents."""
    counts: Counter[str] = Counter()
    for tokens in documents:
        counts.update(tokens)
    return counts

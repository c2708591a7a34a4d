"""What happens to each row of an input, whichever engine carries it: it becomes a tokenized document of a split."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from run.config import TextConfig, View
from run.splits import Split
from text.records import Fields, document
from text.segmenter import Segmenter
from text.views import tokens_of


@dataclass(frozen=True)
class TokenizedDocument:
    """A document as it is counted and encoded."""

    split: Split
    label: str
    tokens: Mapping[View, Sequence[str]]


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

    def document(self, fields: Fields) -> TokenizedDocument:
        """Prepares text and label of a row.

        Raises:
            RowError: it cannot be used; with the reason.
        """
        found = document(fields)
        return TokenizedDocument(self.split_of(found.text), found.label, self.tokens(found.text))

    def tokens(self, text: str) -> dict[View, list[str]]:
        """Returns the tokens of a text in each view."""
        words = self.segmenter.tokens(text)
        return {view: tokens_of(view, text, words, self.max_length) for view in self.views}


def token_counts(documents: Iterable[Sequence[str]]) -> Counter[str]:
    """Counts the tokens of documents."""
    counts: Counter[str] = Counter()
    for tokens in documents:
        counts.update(tokens)
    return counts

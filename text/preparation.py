"""What happens to each row of an input, whichever engine carries it: it becomes a tokenized document of a split."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from run.config import TextConfig
from run.splits import Split
from text.records import Fields, document
from text.segmenter import Segmenter


@dataclass(frozen=True)
class TokenizedDocument:
    """A document as it is counted and encoded."""

    split: Split
    label: str
    tokens: Sequence[str]


@dataclass(frozen=True)
class Preparation:
    """How the rows of an input are prepared; travels to wherever they are."""

    split_of: Callable[[str], Split]
    """The split of a document with a text."""
    segmenter: Segmenter
    max_length: int
    """Tokens of a document that are kept."""

    @classmethod
    def of(cls, text: TextConfig, segmenter: Segmenter, split_of: Callable[[str], Split]) -> "Preparation":
        """Prepares as a run file says."""
        return cls(split_of, segmenter, text.max_length)

    def document(self, fields: Fields) -> TokenizedDocument:
        """Prepares text and label of a row.

        Raises:
            RowError: it cannot be used; with the reason.
        """
        found = document(fields)
        tokens = self.segmenter.tokens(found.text)[: self.max_length]
        return TokenizedDocument(self.split_of(found.text), found.label, tokens)


def token_counts(documents: Iterable[Sequence[str]]) -> Counter[str]:
    """Counts the tokens of documents."""
    counts: Counter[str] = Counter()
    for tokens in documents:
        counts.update(tokens)
    return counts

"""The first pass: counts what comes of the rows. Tallies of pieces are added; each fits in a task's memory."""

import json
import posixpath
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from prepared.sampling import GoldenSample, Sample
from run.config import View
from text.counts import UNSEEN, Counts, Group, check_classes, counted
from text.preparation import SHOWN_CHARACTERS, Rejection, TokenizedDocument
from text.records import Document

REJECTED_OF_EACH = 100
"""Rows that a person may want to read of each reason."""
HELD_OUT_OF_EACH = 10
"""Documents of each label that is not known to be one of training."""
COUNTED_TOKENS = 1 << 20
"""Tokens that are counted before their counts are handed on: what bounds the memory of counting."""

TokenCounts = dict[tuple[View, str], Counter[str]]
"""How often each token stands in training documents, by view and label."""


class Tally:
    """Rows by split, label and reason, rows for a person to read, and texts to become golden."""

    def __init__(self) -> None:
        """Has counted nothing yet."""
        self._rows: Counter[Group] = Counter()
        self._rejected = Sample(REJECTED_OF_EACH)
        self._held_out = Sample(HELD_OUT_OF_EACH)
        self._golden = GoldenSample()

    def add(self, outcome: TokenizedDocument | Rejection, source: str) -> None:
        """Counts what came of a row.

        Args:
            outcome: the document or the rejection.
            source: the file that the row comes from; of its address only the name counts.

        Raises:
            DataError: there are too many labels to be classes.
        """
        if isinstance(outcome, Rejection):
            self._rows[None, None, outcome.reason] += 1
            self._rejected.add(outcome.reason, (posixpath.basename(source), outcome.row))
            return
        group: Group = outcome.split, outcome.label, None
        self._rows[group] += 1
        if self._rows[group] == 1:
            self._check()
        if outcome.split != "train":
            words = " ".join(next(iter(outcome.tokens.values())))
            row = f"{words}\t{outcome.label}"[:SHOWN_CHARACTERS]
            self._held_out.add(outcome.label, (posixpath.basename(source), row))
        if outcome.text is not None:
            self._golden.is_one(outcome.text, outcome.label)

    def update(self, other: "Tally") -> None:
        """Adds the tally of other rows; see `add` for the errors."""
        self._rows.update(other._rows)
        self._check()
        self._rejected.update(other._rejected)
        self._held_out.update(other._held_out)
        self._golden.update(other._golden)

    def counts(self) -> Counts:
        """Returns the counts of all rows.

        Raises:
            DataError: there are too many labels to be classes.
        """
        return counted(self._rows.items())

    def quarantine(self) -> list[dict[str, str]]:
        """Returns rows that cannot be used, of every reason, in an order that depends on nothing else."""
        known = self.counts().labels
        unseen = (entries for label, entries in self._held_out.groups().items() if label not in known)
        rows = [(reason, *entry) for reason, entries in self._rejected.groups().items() for entry in entries]
        rows += [(UNSEEN, *entry) for entries in unseen for entry in entries]
        return [{"reason": reason, "source": source, "row": row} for reason, source, row in sorted(rows)]

    def golden(self) -> list[Document]:
        """Returns texts of documents that can be used, of which golden examples may be chosen."""
        known = self.counts().labels
        return [document for document in self._golden.documents() if document.label in known]

    def to_json(self) -> str:
        """Returns the tally on a line."""
        return json.dumps(
            {
                "rows": [[*group, rows] for group, rows in self._rows.items()],
                "rejected": self._rejected.groups(),
                "held_out": self._held_out.groups(),
                "golden": self._golden.groups(),
            },
            ensure_ascii=False,
        )

    @classmethod
    def from_json(cls, line: str | bytes) -> "Tally":
        """Reads what `to_json` wrote."""
        values: dict[str, Any] = json.loads(line)
        tally = cls()
        tally._rows.update({(split, label, reason): rows for split, label, reason, rows in values["rows"]})
        tally._rejected = Sample(REJECTED_OF_EACH, values["rejected"])
        tally._held_out = Sample(HELD_OUT_OF_EACH, values["held_out"])
        tally._golden = GoldenSample(values["golden"])
        return tally

    def _check(self) -> None:
        check_classes(len({label for split, label, _ in self._rows if split == "train"}))


def token_counts(documents: Iterable[TokenizedDocument]) -> Iterator[TokenCounts]:
    """Counts the tokens of training documents, and yields the counts whenever there are many and at the end.

    Equal keys of two counts are to be added.
    """
    counts: TokenCounts = {}
    tokens = 0
    for document in documents:
        if document.split != "train":
            continue
        for view, of_view in document.tokens.items():
            counts.setdefault((view, document.label), Counter()).update(of_view)
            tokens += len(of_view)
        if tokens >= COUNTED_TOKENS:
            yield counts
            counts, tokens = {}, 0
    if counts:
        yield counts

"""What the rows of an input are, counted, and whether there is something to learn from them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from run.config import DataConfig
from run.splits import SPLITS, Split
from text.errors import DataError

MAX_CLASSES = 1_000
"""A confusion matrix of more has no reader; a column with more different values holds something else."""
UNSEEN = "label that training never saw"

Group = tuple[Split | None, str | None, str | None]
"""Split and label of documents, or the reason of rows that are none."""


@dataclass(frozen=True)
class Counts:
    """What the prepared rows are, counted."""

    read: int
    documents: dict[Split, int]
    labels: tuple[str, ...]
    """The labels of the training documents in code point order."""
    rejected: dict[str, int]
    """Rows of each reason."""
    checksum: int
    """Of splits, labels and tokens of the documents, whatever their order."""
    unlabelled: int | None = None
    """Documents without a label; None where there is no input of them."""
    sizes: Mapping[str, Mapping[Split, int]] = field(default_factory=dict, compare=False)
    """Documents of each label and split; none of a prepared corpus, which has no data card."""


def counted(groups: Iterable[tuple[Group, int]]) -> Counts:
    """Returns the counts of groups of rows, without a checksum; rows of a label that training never saw are rejected.

    Raises:
        DataError: there are too many labels to be classes.
    """
    groups = list(groups)
    labels = {label for (split, label, _), _ in groups if split == "train" and label is not None}
    check_classes(len(labels))
    sizes = {label: dict.fromkeys(SPLITS, 0) for label in sorted(labels)}
    rejected: Counter[str] = Counter()
    for (split, label, reason), rows in groups:
        if split is None:
            rejected[str(reason)] += rows
        elif label is None or label not in labels:
            rejected[UNSEEN] += rows
        else:
            sizes[label][split] += rows
    documents = {split: sum(of_label[split] for of_label in sizes.values()) for split in SPLITS}
    read = sum(rows for _, rows in groups)
    return Counts(read, documents, tuple(sizes), dict(rejected), 0, sizes=sizes)


def check_classes(labels: int) -> None:
    """Makes sure that labels can be classes.

    Raises:
        DataError: there are too many.
    """
    if labels > MAX_CLASSES:
        raise DataError(f"There are more than {MAX_CLASSES} different labels. Is data.label_column the right one?")


def check_usable(counts: Counts, data: DataConfig) -> None:
    """Makes sure that there is something to learn.

    Raises:
        DataError: no rows, too many unusable ones, nothing to train on, or a single class.
    """
    if not counts.read:
        raise DataError(f"The input is empty: {data.input or data.train!r} has no rows.")
    bad = sum(counts.rejected.values())
    if bad > data.max_bad_fraction * counts.read:
        reasons = ", ".join(f"{reason}: {number}" for reason, number in sorted(counts.rejected.items()))
        raise DataError(
            f"{bad} of {counts.read} rows cannot be used ({reasons}); data.max_bad_fraction allows "
            f"{data.max_bad_fraction:.2%}. Rows of each reason are in quarantine.jsonl. Fix them, "
            "or raise data.max_bad_fraction."
        )
    if len(counts.labels) < 2:
        raise DataError(
            f"A classifier needs at least two labels in its training documents. Received: {list(counts.labels)} "
            f"in {counts.documents['train']} training documents."
        )

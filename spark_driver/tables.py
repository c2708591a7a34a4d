"""The tables of the report: of the epochs, and of the classes in the test documents."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np

from run import intervals
from run.data_card import ClassCard
from run.formats import duration, interval, loss, number, percent
from run.metrics import Evaluation
from run.pages import Table
from run.splits import SPLITS

LARGEST_MATRIX = 60
"""With more classes than this, a matrix is too large to read; the most frequent mistakes tell more."""
MISTAKES = 50
NARROW_HEADER = 6
"""With more classes than this, the names over a matrix stand upright."""


@dataclass(frozen=True)
class Cell:
    """The documents of one true label that got one predicted label."""

    count: str
    share: str | None
    """Share of the true label's documents, from 0 to 1; None for a count of 0, which has no shade."""
    right: bool


@dataclass(frozen=True)
class Matrix:
    """The confusion matrix."""

    labels: Sequence[str]
    rows: Sequence[tuple[str, Sequence[Cell]]]
    """Each true label with its cells, one for each predicted label."""
    narrow_header: bool


def epochs(lines: Sequence[Mapping[str, Any]], best: int | None) -> Table:
    """Returns the table of the epochs.

    Args:
        lines: the lines of the run's metrics that tell of an epoch.
        best: the epoch whose weights were kept; None if it is not known.
    """
    judged = ("Validation loss", "Validation accuracy", "Validation macro-F1")
    rows = [
        (
            f"{line['epoch']} (best)" if line["epoch"] == best else str(line["epoch"]),
            number(line["trained"]),
            loss(line["loss"]),
            loss(line["validation_loss"]),
            percent(line["validation_accuracy"]),
            percent(line["validation_macro_f1"]),
            duration(line["seconds"]),
        )
        for line in lines
    ]
    return Table(("Epoch", "Documents", "Training loss", *judged, "Time"), rows)


def data_classes(classes: Sequence[ClassCard]) -> Table:
    """Returns the table of the classes before anything is trained."""
    rows = [
        (of_class.label, *(number(of_class.documents[split]) for split in SPLITS), " ".join(of_class.telling))
        for of_class in classes
    ]
    return Table(("Label", "Training", "Validation", "Test", "Most telling words"), rows)


def tested(labels: Sequence[str], evaluation: Evaluation) -> dict[str, Matrix | Table | None]:
    """Returns the matrix or, of many classes, the mistakes; and the classes. Without test documents all are None.

    Args:
        labels: the names of the classes.
        evaluation: of the test documents.
    """
    known, readable = evaluation.rows > 0, len(labels) <= LARGEST_MATRIX
    return {
        "matrix": _matrix(labels, evaluation) if known and readable else None,
        "mistakes": _mistakes(labels, evaluation) if known and not readable else None,
        "classes": _classes(labels, evaluation) if known else None,
    }


def _matrix(labels: Sequence[str], evaluation: Evaluation) -> Matrix:
    rows = enumerate(zip(labels, evaluation.confusion, strict=True))
    cells = [(label, _cells(counts, right)) for right, (label, counts) in rows]
    return Matrix(labels, cells, len(labels) > NARROW_HEADER)


def _cells(counts: np.ndarray, right: int) -> list[Cell]:
    """The cells of a true label; `right` is its own column."""
    documents = int(counts.sum())
    return [
        Cell(f"{count:,}", f"{count / documents:.3f}" if count else None, column == right)
        for column, count in enumerate(counts.tolist())
    ]


def _mistakes(labels: Sequence[str], evaluation: Evaluation) -> Table:
    wrong = evaluation.confusion - np.diag(np.diag(evaluation.confusion))
    true, predicted = np.nonzero(wrong)
    counts, documents = wrong[true, predicted], evaluation.confusion.sum(axis=1)
    rows = [
        (labels[true[i]], labels[predicted[i]], number(counts[i]), percent(counts[i] / documents[true[i]]))
        for i in np.argsort(-counts, kind="stable")[:MISTAKES]
    ]
    return Table(("True label", "Predicted label", "Documents", "Share of the true label"), rows)


def _classes(labels: Sequence[str], evaluation: Evaluation) -> Table:
    columns = (
        (evaluation.precision, intervals.of_precision(evaluation)),
        (evaluation.recall, intervals.of_recall(evaluation)),
        (evaluation.f1, intervals.of_f1(evaluation)),
    )
    documents = evaluation.confusion.sum(axis=1)
    rows = []
    for i, label in enumerate(labels):
        shares = ((percent(column[i]), interval(low[i], high[i])) for column, (low, high) in columns)
        rows.append((label, *chain.from_iterable(shares), number(documents[i])))
    names = ("Precision", "Recall", "F1")
    head = ("Label", *chain.from_iterable((name, "95 % interval") for name in names), "Documents")
    return Table(head, rows)

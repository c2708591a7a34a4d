"""What rows are counted as, and what stops a run before anything is trained."""

import pytest

from run.config import DataConfig
from text.counts import Counts, check_usable
from text.errors import DataError

DATA = DataConfig(input="reviews.tsv", max_bad_fraction=0.1)


def counts(train: int = 90, labels: tuple[str, ...] = ("x", "y"), **rejected: int) -> Counts:
    read = train + sum(rejected.values())
    return Counts(read, {"train": train, "validation": 0, "test": 0}, labels, rejected, 0)


def test_two_labels_and_few_bad_rows_are_enough() -> None:
    check_usable(counts(empty=10), DATA)


def test_an_input_without_rows_is_refused() -> None:
    with pytest.raises(DataError, match=r"'reviews\.tsv' has no rows"):
        check_usable(counts(train=0, labels=()), DATA)


def test_too_many_bad_rows_are_refused_with_their_reasons() -> None:
    with pytest.raises(DataError, match=r"11 of 101 rows cannot be used \(broken: 3, empty: 8\).*allows 10\.00%"):
        check_usable(counts(empty=8, broken=3), DATA)


def test_a_single_label_is_refused() -> None:
    with pytest.raises(DataError, match=r"at least two labels.*Received: \['x'\] in 90"):
        check_usable(counts(labels=("x",)), DATA)

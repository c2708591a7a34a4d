"""A run whose counts do not agree is no success."""

import pytest

from spark_driver.errors import LostRowsError
from spark_driver.result import Rows

AGREE = {"read": 10, "quarantined": 1, "train": 6, "validation": 2, "test": 1, "fed": 6, "trained_first_epoch": 6}


def test_counts_that_agree() -> None:
    Rows(**AGREE).check()


@pytest.mark.parametrize("place", AGREE)
def test_a_row_lost_anywhere_is_an_error(place: str) -> None:
    with pytest.raises(LostRowsError):
        Rows(**AGREE | {place: AGREE[place] - 1}).check()

"""A run whose counts do not agree has lost rows; its result says which."""

from dataclasses import replace

import pytest

from run.result import Quality, Result, Rows

FED = {"train": 6, "validation": 2, "test": 1}
AGREE = Rows(read=10, quarantined=1, train=6, validation=2, test=1, fed=FED, trained=[6, 6])


def test_counts_that_agree() -> None:
    assert AGREE.lost() is None
    assert replace(AGREE, read=15, unlabelled=5).lost() is None


@pytest.mark.parametrize(
    ("place", "lost"),
    [
        ("read", 9),
        ("quarantined", 0),
        ("unlabelled", 1),
        ("train", 5),
        ("validation", 1),
        ("test", 0),
        ("fed", FED | {"train": 5}),
        ("fed", FED | {"validation": 1}),
        ("fed", FED | {"test": 0}),
        ("fed", None),
        ("trained", [6, 5]),
        ("trained", [7, 6]),
        ("trained", []),
    ],
)
def test_a_row_lost_anywhere_is_told(place: str, lost: object) -> None:
    told = replace(AGREE, **{place: lost}).lost()  # type: ignore[arg-type]
    assert told is not None
    assert ("fed" in told) == (place == "fed")


def test_a_result_comes_back_as_it_was() -> None:
    result = Result(status="succeeded", test=Quality(0.5, 0.25, 7), model="m/1", rows=AGREE, rejected={"no label": 1})
    assert Result.from_json(result.to_json().encode()) == result
    assert Result.from_json(Result().to_json().encode()) == Result()

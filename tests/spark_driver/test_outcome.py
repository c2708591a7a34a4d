"""What was counted in the input is held against what the workers say they have."""

import re
from dataclasses import replace

import pytest

from run import events
from run.events import EpochDone, Member, Published, Spooled
from run.result import Result
from run.splits import Split
from spark_driver import outcome
from spark_driver.errors import LostRowsError
from spark_driver.monitor import Monitor
from text.counts import Counts

COUNTED: dict[Split, int] = {"train": 6, "validation": 2, "test": 2}
COUNTS = Counts(11, COUNTED, ("x", "y"), {"no label": 1}, 0)


def told(first: dict[Split, int], second: dict[Split, int], trained: int) -> tuple[Result, Monitor]:
    monitor = Monitor(2, lambda _: None)
    for worker, documents in enumerate((first, second)):
        monitor.handle(Spooled(worker, documents, 0.1))
    monitor.handle(EpochDone(0, 1, trained, 0.5, None, None, None, 1.0))
    members = {"naive Bayes": Member(0.5, [[0, 1], [0, 1]])}
    monitor.handle(events.Tested(0, 1, 1, 0.6, [[1, 0], [0, 1]], members, 99.5, 3.25))
    monitor.handle(Published(0, "model/1", 1.5))
    result = Result()
    outcome.counted(result, COUNTS)
    return result, monitor


def test_unlabelled_documents_are_counted_where_there_is_an_input_of_them() -> None:
    without, with_some = Result(), Result()
    outcome.counted(without, COUNTS)
    outcome.counted(with_some, replace(COUNTS, read=15, unlabelled=4))
    assert without.rows.unlabelled is None
    assert with_some.rows.unlabelled == 4


def test_all_rows_are_there() -> None:
    result, monitor = told({"train": 4, "validation": 1, "test": 0}, {"train": 2, "validation": 1, "test": 2}, 6)
    outcome.trained(result, monitor)
    assert (result.rows.quarantined, result.rejected) == (1, {"no label": 1})
    assert result.rows.trained == [6]
    assert result.test is not None
    assert (result.test.accuracy, result.members["naive Bayes"].accuracy) == (1.0, 0.5)
    assert (result.model, result.seconds.export) == ("model/1", 1.5)


@pytest.mark.parametrize(
    ("first", "second", "trained", "lost"),
    [
        ({"train": 3, "validation": 1, "test": 0}, {"train": 2, "validation": 1, "test": 2}, 5, "'train': 5"),
        ({"train": 4, "validation": 1, "test": 0}, {"train": 2, "validation": 1, "test": 1}, 6, "'test': 1"),
        ({"train": 4, "validation": 1, "test": 0}, {"train": 2, "validation": 1, "test": 2}, 5, "[5] were trained"),
    ],
    ids=["on the way to a worker", "of the test, on the way to a worker", "fed and not trained"],
)
def test_a_row_that_is_lost_is_found_and_there_is_no_model(
    first: dict[Split, int], second: dict[Split, int], trained: int, lost: str
) -> None:
    result, monitor = told(first, second, trained)
    with pytest.raises(LostRowsError, match=re.escape(lost)):
        outcome.trained(result, monitor)
    assert result.model is None

"""What was counted in the input is held against what the workers say they have."""

from run import events
from run.events import EpochDone, Member, Spooled
from run.result import Result
from run.splits import Split
from spark_driver import outcome
from spark_driver.corpus import Counts
from spark_driver.monitor import Monitor

COUNTED: dict[Split, int] = {"train": 6, "validation": 2, "test": 2}
COUNTS = Counts(11, COUNTED, ("x", "y"), {"no label": 1})


def result_of(first: dict[Split, int], second: dict[Split, int], trained: int) -> Result:
    monitor = Monitor(2, lambda _: None, lambda _: None)
    for worker, documents in enumerate((first, second)):
        monitor.handle(Spooled(worker, documents, 0.1))
    monitor.handle(EpochDone(0, 1, trained, 0.5, None, None, None, 1.0))
    members = {"naive Bayes": Member(0.5, [[0, 1], [0, 1]])}
    monitor.handle(events.Tested(0, 1, 1, 0.6, [[1, 0], [0, 1]], members, 99.5, 3.25))
    result = Result()
    outcome.counted(result, COUNTS)
    outcome.trained(result, monitor)
    return result


def test_all_rows_are_there() -> None:
    result = result_of({"train": 4, "validation": 1, "test": 0}, {"train": 2, "validation": 1, "test": 2}, 6)
    assert result.rows.lost() is None
    assert (result.rows.quarantined, result.rejected) == (1, {"no label": 1})
    assert result.test is not None
    assert (result.test.accuracy, result.members["naive Bayes"].accuracy) == (1.0, 0.5)


def test_a_row_that_is_lost_on_the_way_to_a_worker_is_found() -> None:
    result = result_of({"train": 3, "validation": 1, "test": 0}, {"train": 2, "validation": 1, "test": 2}, 5)
    assert "'train': 5" in (result.rows.lost() or "")


def test_a_test_row_that_is_lost_is_found_too() -> None:
    result = result_of({"train": 4, "validation": 1, "test": 0}, {"train": 2, "validation": 1, "test": 1}, 6)
    assert "'test': 1" in (result.rows.lost() or "")


def test_a_row_that_is_fed_and_not_trained_is_found() -> None:
    result = result_of({"train": 4, "validation": 1, "test": 0}, {"train": 2, "validation": 1, "test": 2}, 5)
    assert "5 were trained in the first epoch" in (result.rows.lost() or "")

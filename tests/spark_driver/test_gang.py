"""A run that fails has no model, however far it came, and tells of its first failure."""

from pathlib import Path

import pytest

from run.events import Published
from spark_driver.errors import LostRowsError
from spark_driver.gang import taken_back_on_error, told
from spark_driver.monitor import Monitor


@pytest.fixture
def model(tmp_path: Path) -> Path:
    for version in "12":
        (tmp_path / "model" / version).mkdir(parents=True)
        (tmp_path / "model" / version / "saved_model.pb").write_bytes(b"a model")
    return tmp_path / "model" / "2"


def published(model: Path) -> Monitor:
    monitor = Monitor(1, lambda _: None)
    monitor.handle(Published(0, str(model), 1.0))
    return monitor


def test_a_model_is_taken_back_when_the_run_fails_after_all(model: Path) -> None:
    with pytest.raises(LostRowsError), taken_back_on_error(published(model)):
        raise LostRowsError("3 rows were read, but 2 used")
    assert [path.name for path in model.parent.iterdir()] == ["1"]


def test_a_model_stays_when_the_run_does_not_fail(model: Path) -> None:
    with taken_back_on_error(published(model)):
        pass
    assert (model / "saved_model.pb").exists()


def test_the_first_failure_is_the_cause_and_the_last_is_told_too() -> None:
    assert told(["worker 1 failed: no memory\nTraceback"]) == "worker 1 failed: no memory\nTraceback"
    failures = ["worker 1 failed: no memory\nTraceback", "worker 0 has lost a peer", "no executor\nat java"]
    assert told(failures[:2]).splitlines() == [
        "worker 1 failed: no memory",
        "Traceback",
        "The workers were started again once, and at last: worker 0 has lost a peer",
    ]
    assert "started again 2 times, and at last: no executor" in told(failures)

"""The job: a run that fails has no model, however far it came."""

from pathlib import Path

import pytest

from run.events import Published
from run.result import Result
from spark_driver.errors import LostRowsError
from spark_driver.monitor import Monitor
from spark_driver.train import taken_back_on_error


@pytest.fixture
def model(tmp_path: Path) -> Path:
    for version in "12":
        (tmp_path / "model" / version).mkdir(parents=True)
        (tmp_path / "model" / version / "saved_model.pb").write_bytes(b"a model")
    return tmp_path / "model" / "2"


def published(model: Path) -> tuple[Monitor, Result]:
    monitor = Monitor(1, lambda _: None, lambda _: None)
    monitor.handle(Published(0, str(model), 1.0))
    return monitor, Result(model=str(model))


def test_a_model_is_taken_back_when_rows_are_found_to_be_lost(model: Path) -> None:
    monitor, result = published(model)
    with pytest.raises(LostRowsError), taken_back_on_error(monitor, result):
        raise LostRowsError("3 rows were read, but 2 used")
    assert result.model is None
    assert [path.name for path in model.parent.iterdir()] == ["1"]


def test_a_model_stays_when_the_run_does_not_fail(model: Path) -> None:
    monitor, result = published(model)
    with taken_back_on_error(monitor, result):
        pass
    assert result.model == str(model)
    assert (model / "saved_model.pb").exists()

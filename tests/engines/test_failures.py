"""What a task that fails has to say reaches who started it."""

from pathlib import Path

import pytest

from engines import failures
from engines.errors import EngineError
from text.errors import DataError


@pytest.mark.parametrize(
    ("error", "expected", "message"),
    [
        (DataError("no such column"), DataError, "no such column"),
        (ZeroDivisionError("by zero"), EngineError, "map-3: ZeroDivisionError: by zero"),
    ],
)
def test_an_error_is_told_as_what_it_is(
    error: Exception, expected: type[Exception], message: str, tmp_path: Path
) -> None:
    with pytest.raises(type(error)), failures.told(str(tmp_path), "map-3"):
        raise error
    found = failures.first(str(tmp_path))
    assert (type(found), str(found)) == (expected, message)


def test_nothing_is_told_of_tasks_that_end_well(tmp_path: Path) -> None:
    with failures.told(str(tmp_path), "map-3"):
        pass
    assert failures.first(str(tmp_path)) is None

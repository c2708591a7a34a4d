"""What has come of an application of Flink's becomes what has come of its launch; YARN itself is in tests/yarn."""

from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from cluster.flink.application import Ended
from engines.errors import EngineError
from engines.flink.on_yarn import _take_over
from engines.records import Records
from run.result import Result, Rows
from run.terminal import Terminal
from text.errors import DataError

ENDED = Ended(
    "application_1_0001", "FAILED", "x.Error: outer\n\tat x.Y\nCaused by: java.io.IOException: no Python\n\tat z"
)


@pytest.fixture
def records(tmp_path: Path) -> Records:
    """Those of the launch."""
    (tmp_path / "out").mkdir()
    return Records(str(tmp_path / "out"), Result("a-run"))


def taken_over(result: Result | None, records: Records, folder: Path) -> str:
    """What the terminal shows when an application has left a result."""
    if result is not None:
        (folder / "result.json").write_text(result.to_json(), encoding="utf-8")
    said = StringIO()
    _take_over(str(folder), records, ENDED, Terminal(Console(file=said)))
    return said.getvalue()


def test_a_program_that_has_said_nothing_is_told_of_by_what_yarn_says(records: Records, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"application_1_0001 has ended as FAILED: IOException: no Python$"):
        taken_over(None, records, tmp_path)


@pytest.mark.parametrize(("status", "error"), [(2, DataError), (1, EngineError)])
def test_an_error_stays_what_it_was(status: int, error: type[Exception], records: Records, tmp_path: Path) -> None:
    (tmp_path / "quarantine.jsonl").write_text('{"reason": "empty text"}\n', encoding="utf-8")
    rejected = {"empty text": 1}
    with pytest.raises(error, match="too few"):
        taken_over(
            Result("another", "failed", status, "too few", rows=Rows(2, 1), rejected=rejected), records, tmp_path
        )
    assert (records.result.rows, records.result.rejected) == (Rows(2, 1), rejected)
    assert (tmp_path / "out" / "quarantine.jsonl").read_text(encoding="utf-8") == '{"reason": "empty text"}\n'


def test_a_success_needs_no_logs(records: Records, tmp_path: Path) -> None:
    assert taken_over(Result("another", "succeeded", 0, rows=Rows(2)), records, tmp_path) == ""
    assert (records.result.run, records.result.rows.read) == ("a-run", 2)

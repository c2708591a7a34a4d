"""An output is gone on with by the stream that began it, from its newest whole checkpoint, and by no other."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from engines.flink.stream.output import Output
from run.errors import SettingsError
from tests.engines.test_stream_rows import ROWS


def checkpoint(folder: Path, job: str, number: int, seconds: int) -> Path:
    made = folder / "checkpoints" / job / f"chk-{number}"
    made.mkdir(parents=True)
    (made / "_metadata").touch()
    os.utime(made / "_metadata", (seconds, seconds))
    return made


def test_it_goes_on_from_the_newest_whole_checkpoint(tmp_path: Path) -> None:
    output = Output(str(tmp_path / "out"))
    output.begin(ROWS)
    assert output.newest_checkpoint() is None
    checkpoint(tmp_path / "out", "a", 9, 100)
    newest = checkpoint(tmp_path / "out", "b", 2, 200)
    (newest.parent / "chk-3").mkdir()
    output.begin(ROWS)
    assert output.newest_checkpoint() == newest


def test_another_stream_is_refused(tmp_path: Path) -> None:
    Output(str(tmp_path / "out")).begin(ROWS)
    with pytest.raises(SettingsError, match=r"has been begun with Source\(.*Give the same arguments, or another"):
        Output(str(tmp_path / "out")).begin(replace(ROWS, window_seconds=61))


def test_a_stream_that_has_come_to_its_end_is_not_begun_again(tmp_path: Path) -> None:
    output = Output(str(tmp_path))
    output.begin(ROWS)
    output.predictions.mkdir()
    output.begin(ROWS)
    (output.predictions / "part-0.jsonl").touch()
    with pytest.raises(SettingsError, match="has come to its end"):
        output.begin(ROWS)


def test_what_is_no_streams_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").touch()
    with pytest.raises(SettingsError, match="is no stream's"):
        Output(str(tmp_path)).begin(ROWS)
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.txt"]

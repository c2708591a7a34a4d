"""What a probe tries on a machine, and what it tells of what fails there."""

import sys
from pathlib import Path

import pytest
from pyspark import SparkContext
from pyspark.sql import SparkSession

from run.probe import DRIVER, GPU, HDFS, LIBRARIES, PYTHON, Probed, from_json, to_json
from spark_driver import application_master, probe
from spark_driver.event_server import Address, EventServer
from spark_driver.probing import on_node, tried

NOBODY = Address("127.0.0.1", 1, b"key")


def probed(spark: SparkSession, driver: Address, folder: str) -> dict[str, Probed]:
    """What a task finds, by its name."""
    found = spark.sparkContext.range(1, numSlices=1).mapPartitions(lambda _: on_node(driver, folder)).collect()
    return {one.what: one for one in found}


def test_all_is_well(spark: SparkSession, tmp_path: Path) -> None:
    with EventServer("127.0.0.1", "127.0.0.1", lambda _: None) as events:
        found = probed(spark, events.address, str(tmp_path))
    assert [one for one in found.values() if one.traceback] == []
    assert list(found) == [PYTHON, LIBRARIES, GPU, HDFS, DRIVER]
    assert sys.executable in found[PYTHON].found
    assert "tensorflow 2." in found[LIBRARIES].found
    assert list(tmp_path.iterdir()) == []


def test_one_that_fails_ends_no_other(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    found = probed(spark, NOBODY, str(tmp_path / "file"))
    assert found[GPU].traceback is None
    assert "file cannot be written" in found[HDFS].found
    assert "ConnectionRefusedError" in found[DRIVER].found
    assert "in reached" in (found[DRIVER].traceback or "")


def test_an_error_is_told_by_type_and_first_line_with_its_traceback() -> None:
    def fail() -> str:
        raise OSError("no\nlibrary")

    found = tried(LIBRARIES, fail)
    assert (found.what, found.found) == (LIBRARIES, "OSError: no")
    assert "in fail" in (found.traceback or "")
    assert from_json(to_json([found]).encode()) == [found]


def test_a_library_that_the_driver_cannot_load_is_what_yarn_tells(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told: list[tuple[int, str]] = []
    monkeypatch.setitem(sys.modules, "spark_driver.probing", None)
    monkeypatch.setattr(SparkContext, "_ensure_initialized", lambda: None)
    monkeypatch.setattr(application_master, "fail_from_container", lambda *said: told.append(said))
    assert probe.main([]) == 1
    ((status, reason),) = told
    assert status == 1
    assert "ModuleNotFoundError" in reason
    assert "ModuleNotFoundError" in capsys.readouterr().err

"""What is checked on a machine, and what is told of a check that fails, hangs or crashes."""

import ctypes
import os
import signal
import sys
from pathlib import Path

from pyspark.sql import SparkSession

from run.probe import DRIVER, GPU, HDFS, LIBRARIES, PYTHON, Probed, from_json, to_json
from spark_driver.checks import in_a_process, on_node, tried
from spark_driver.event_server import Address, EventServer

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


def hang() -> str:
    """Hangs with the interpreter in its hands, as a library does that is loaded from a disk that does not answer."""
    ctypes.PyDLL(None).sleep(600)
    raise AssertionError


def test_one_that_hangs_is_given_up_with_where_it_hangs_and_what_needs_it_is_left_out() -> None:
    first, hung = in_a_process([(PYTHON, lambda: "there"), (LIBRARIES, hang), (GPU, lambda: "there")], seconds=0.5)
    assert first == Probed(PYTHON, "there")
    assert (hung.what, hung.found) == (LIBRARIES, "it has not ended within 0.5 s: below is where it hangs")
    assert "in hang" in (hung.traceback or "")


def test_one_that_crashes_is_told_by_its_signal() -> None:
    def crash() -> str:
        os.kill(os.getpid(), signal.SIGILL)  # as of a TensorFlow that was made for another processor
        raise AssertionError

    (crashed,) = in_a_process([(LIBRARIES, crash)], seconds=60)
    assert crashed.found == "its process has ended with SIGILL"
    assert "in crash" in (crashed.traceback or "")

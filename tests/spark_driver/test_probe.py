"""A probe whose driver cannot load its libraries has YARN tell it."""

import sys

import pytest
from pyspark import SparkContext

from spark_driver import application_master, probe


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
    assert reason.startswith("driver's libraries: ModuleNotFoundError: ")
    assert "Traceback (most recent call last)" in reason
    assert "ModuleNotFoundError" in capsys.readouterr().err

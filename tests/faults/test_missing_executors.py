"""A cluster that grants fewer executors than were asked for ends the run, and says how many came."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.faults.conftest import Fault
from tests.integration.conftest import Command
from tests.integration.test_main_job import result_of, small

pytestmark = pytest.mark.faults


def test_fewer_executors_than_asked_for(
    command: Command, reviews: list[dict[str, Any]], tmp_path: Path, fault: Fault
) -> None:
    (tmp_path / "reviews.jsonl").write_text("".join(json.dumps(row) + "\n" for row in reviews[::5]), encoding="utf-8")
    settings = small(f"data.input={tmp_path}/reviews.jsonl", 'text.views=["char"]')
    granted = ["--", "--conf", "spark.cores.max=1"]  # of two that the profile asks for
    begun = time.monotonic()
    outcome = command(["textcnn", "train", "examples/reviews.toml", *settings, "--out", tmp_path / "out", *granted])
    fault.ended = f"status {outcome.status} after {time.monotonic() - begun:.0f} s"
    assert outcome.status == 1, outcome.terminal
    assert "2 executors were asked for, 1 are there, executor 0 (" in outcome.terminal
    assert "starting 2 TensorFlow workers" not in outcome.terminal
    assert result_of(tmp_path / "out")["error"].startswith("2 executors were asked for")
    assert not (tmp_path / "out" / "model").exists()

"""A driver that is told to end writes a checkpoint first, and the run goes on from there as if it had not ended."""

import re
import signal
from pathlib import Path

import pytest

from tests.faults.conftest import EPOCHS, Runs
from tests.integration.test_main_job import result_of

pytestmark = pytest.mark.faults


def test_sigterm_of_the_driver(run: Runs) -> None:
    never = "train.checkpoint_seconds=3600"
    stopped = run(lambda _, running: running.launcher.send_signal(signal.SIGTERM), never)
    assert stopped.status == 1, stopped.terminal
    assert result_of(run.out)["error"] == "The run was ended by SIGTERM."
    assert not (run.out / "model").exists()
    kept = re.search(r"its last checkpoint, of epoch (\d+), step (\d+), is kept: .* --resume", stopped.terminal)
    assert kept, stopped.terminal

    done = run(lambda *_: None, never, options=("--resume",))
    assert done.status == 0, done.terminal
    assert f"going on from the checkpoint of epoch {kept[1]}, step {kept[2]}" in done.terminal
    result = result_of(run.out)
    assert result["rows"]["trained"] == [result["rows"]["train"]] * EPOCHS
    assert Path(result["model"]).name == "1"

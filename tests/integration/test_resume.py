"""A run whose driver is killed in the middle is gone on with from its last checkpoint, and from no other's."""

import json
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.integration.conftest import Command, Outcome, Running, command_line
from tests.integration.test_main_job import result_of, small

pytestmark = pytest.mark.integration

EPOCHS = 4
DRIVER = "spark_driver/train.py"

Train = Callable[..., Outcome]


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of all runs."""
    return tmp_path_factory.mktemp("resumed") / "out"


@pytest.fixture(scope="module")
def train(command: Command, reviews: list[dict[str, Any]], out: Path) -> Train:
    """Trains so that every step can be a checkpoint; a signal ends the driver after an epoch."""
    data = out.with_name("reviews.jsonl")
    data.write_text("".join(json.dumps(row) + "\n" for row in reviews[::4]), encoding="utf-8")

    def train(*arguments: str, changes: tuple[str, ...] = (), end: tuple[int, signal.Signals] | None = None) -> Outcome:
        def see(line: str, run: Running) -> None:
            if end and line.startswith(f"epoch {end[0]}:"):
                for process in run.processes():
                    if any(part.endswith(DRIVER) for part in command_line(process)) and "python" in process.name():
                        process.send_signal(end[1])

        settings = (f"data.input={data}", f"train.epochs={EPOCHS}", f"train.patience={EPOCHS}", "train.batch_size=32")
        more = ("train.checkpoint_seconds=0.1", 'text.views=["char"]', *changes)
        run = ["textcnn", "train", "examples/reviews.toml", *small(*settings, *more), "--out", out]
        return command([*run, *arguments], see)

    return train


def run_of(out: Path) -> str:
    """The run that has begun last."""
    return max((out / "metrics").iterdir()).stem


def went_on_from(outcome: Outcome) -> tuple[int, int]:
    """Epoch and step, as the terminal has it."""
    found = re.search(r"going on from the checkpoint of epoch (\d+), step (\d+)", outcome.terminal)
    assert found, outcome.terminal
    return int(found[1]), int(found[2])


def test_a_run_that_is_killed_twice_ends_with_a_model_as_if_it_had_not_been(train: Train, out: Path) -> None:
    killed = train(end=(1, signal.SIGKILL))
    assert killed.status != 0
    first = run_of(out)
    assert (out / "checkpoints" / first / "settings.json").exists()

    refused = train("--resume", changes=("train.learning_rate=0.5",))
    assert refused.status == 2, refused.terminal
    assert f"The run {first} cannot go on as another one: train.learning_rate was 0.001 and is 0.5." in refused.terminal
    assert [path.name for path in (out / "checkpoints").iterdir()] == [first]

    ended = train("--resume", end=(2, signal.SIGTERM))
    assert ended.status == 1, ended.terminal
    assert f"going on with the run {first}" in ended.terminal
    assert went_on_from(ended) >= (1, 1)
    assert "The run was ended by SIGTERM." in ended.terminal
    kept = rf"its last checkpoint, of epoch \d+, step \d+, is kept: --out {out} --resume goes on from there"
    assert re.search(kept, ended.terminal), ended.terminal
    assert result_of(out)["error"] == "The run was ended by SIGTERM."
    second = run_of(out)
    assert second != first

    done = train("--resume")
    assert done.status == 0, done.terminal
    assert went_on_from(done) >= (2, 1)
    result = result_of(out)
    assert result["resumed"] == second
    assert result["epochs"] == EPOCHS
    assert result["rows"]["trained"] == [result["rows"]["train"]] * EPOCHS
    assert Path(result["model"]).name == "1"
    assert not list((out / "checkpoints").iterdir())

    nothing = train("--resume")
    assert nothing.status == 2, nothing.terminal
    assert "There is nothing to go on from" in nothing.terminal

"""A tuning with real runs: killed in its second trial, and gone on with."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.integration.conftest import Command, Outcome, Running
from tests.integration.test_main_job import result_of, small

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def tuned(
    command: Command, reviews: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Outcome, Outcome]:
    """The folder of a tuning, and what a person has seen before the kill and after it."""
    folder = tmp_path_factory.mktemp("tuned")
    data = folder / "reviews.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in reviews[::4]), encoding="utf-8")
    changes = small(
        f"data.input={data}",
        "train.epochs=2",
        "train.batch_size=32",
        "tune.train.learning_rate={low=0.001,high=0.01,log=true}",
        "tune.model.networks=[['textcnn'],['mlp']]",
    )
    tune = ["textcnn", "tune", "examples/reviews.toml", *changes, "--trials", 2, "--out", folder / "out"]
    begun: list[str] = []

    def kill_in_second(line: str, running: Running) -> None:
        if begun == ["0", "1"]:
            running.kill()
        begun.extend(re.findall(r"^trial (\d)", line))

    return folder / "out", command(tune, kill_in_second), command(tune)


def test_a_trial_that_was_killed_is_made_again_and_the_others_are_not(tuned: tuple[Path, Outcome, Outcome]) -> None:
    out, killed, resumed = tuned
    assert killed.status < 0
    assert resumed.status == 0, resumed.terminal
    assert re.findall(r"^trial (\d)", killed.stdout, re.MULTILINE) == ["0", "1"]
    assert re.findall(r"^trial (\d)", resumed.stdout, re.MULTILINE) == ["2"]
    (values,) = re.findall("^trial 1: (.*)", killed.stdout, re.MULTILINE)
    assert f"trial 2: {values}\n" in resumed.stdout
    assert not (out / "trial-001" / "result.json").exists()
    assert [result_of(out / name)["status"] for name in ("trial-000", "trial-002")] == ["succeeded"] * 2


def test_the_documents_were_prepared_once(tuned: tuple[Path, Outcome, Outcome]) -> None:
    out, _, resumed = tuned
    assert "preparing the documents" not in resumed.terminal
    assert {result_of(out / name)["prepared"] for name in ("trial-000", "trial-002")} == {str(out / "corpus")}


def test_training_takes_the_best_run_file(tuned: tuple[Path, Outcome, Outcome], command: Command) -> None:
    out, _, resumed = tuned
    best = re.search(r"best: trial (\d), validation accuracy [\d.]+ %; its model is in (.*)", resumed.stdout)
    assert best
    assert Path(best[2], "model", "1").is_dir()
    train = re.search(r"textcnn train .*/best\.toml --profile local", resumed.stdout)
    assert train
    assert command([*train[0].split(), "--dry-run"]).status == 0
    values = tomllib.loads((out / "best.toml").read_text(encoding="utf-8"))
    config = json.loads(Path(best[2], "config.json").read_text(encoding="utf-8"))
    assert values["train"]["learning_rate"] == config["train"]["learning_rate"]
    assert values["model"]["networks"] == config["model"]["networks"]

"""A stopped run is gone on with where it learned the same; else it is said what differs."""

import json
from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from run.config import DataConfig, RunConfig, TextConfig, TrainConfig
from run.errors import SettingsError
from run.events import EpochDone, Event, Progress
from run.terminal import Terminal
from spark_driver.errors import InputError, WorkerError
from spark_driver.resuming import Stopped, kept_checkpoint_told, of_config, of_documents, stopped
from spark_driver.run_folder import RunFolder
from tests.encoded import word_language
from text.counts import Counts
from trainer.checkpoint import Checkpoint, Checkpoints, Position

CONFIG = RunConfig(data=DataConfig(input="reviews.tsv"))
COUNTS = Counts(11, {"train": 8, "validation": 1, "test": 1}, ("x", "y"), {"no label": 1}, 1234)
LANGUAGE = word_language(["好", "坏"], ["好评", "差评"])
DECISIVE = {"workers": 2, "train.seed": 1}

Begin = Callable[..., RunFolder]


def epoch(number: int) -> EpochDone:
    return EpochDone(0, number, 8, 0.5, None, None, None, 1.0)


def lines(tmp_path: Path, run: str) -> list[str]:
    return (tmp_path / "out" / "metrics" / f"{run}.jsonl").read_text(encoding="utf-8").splitlines()


@pytest.fixture
def begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Begin:
    """Begins a run in the folder, and writes checkpoints and metrics as its workers would."""
    monkeypatch.chdir(tmp_path)

    def begin(run: str, checkpoints: int = 0, *events: Event) -> RunFolder:
        folder = RunFolder(str(tmp_path / "out"), run)
        folder.create()
        if checkpoints or events:
            folder.write_decisive(DECISIVE)
        with Checkpoints(folder.checkpoints, 60, 0, lambda _: None) as written:
            for number in range(1, checkpoints + 1):
                written.save(Checkpoint(Position(number), {"weights": np.zeros(1)}))
        for event in events:
            folder.record(event)
        return folder

    return begin


# What decides


def test_what_decides_is_json() -> None:
    decisive = of_config(CONFIG, 2) | of_documents(COUNTS, LANGUAGE)
    assert json.loads(json.dumps(decisive)) == decisive


@pytest.mark.parametrize(
    ("config", "workers", "names"),
    [
        (CONFIG, 3, ["workers"]),
        (replace(CONFIG, train=TrainConfig(learning_rate=0.1, seed=2)), 2, ["train.learning_rate", "train.seed"]),
        (replace(CONFIG, text=TextConfig(views=("word",))), 2, ["text.views"]),
    ],
)
def test_workers_and_configuration_decide(config: RunConfig, workers: int, names: list[str]) -> None:
    before, now = of_config(CONFIG, 2), of_config(config, workers)
    assert [name for name in now if now[name] != before[name]] == names


@pytest.mark.parametrize(
    "config",
    [
        replace(CONFIG, name="another", data=DataConfig(input="hdfs:///moved.tsv")),
        replace(CONFIG, train=TrainConfig(epochs=50, patience=9)),
        replace(CONFIG, train=TrainConfig(max_restarts=0, checkpoint_seconds=1, stall_seconds=1)),
        replace(CONFIG, text=TextConfig(stop_words="moved.txt", user_dictionary="words.txt")),
    ],
)
def test_names_places_and_the_end_do_not(config: RunConfig) -> None:
    assert of_config(config, 2) == of_config(CONFIG, 2)


@pytest.mark.parametrize("schedule", [{"warmup": 0.1}, {"decay": "linear"}])
def test_the_last_epoch_decides_where_the_learning_rate_is_laid_out_over_it(schedule: dict[str, Any]) -> None:
    before, now = (of_config(replace(CONFIG, train=TrainConfig(epochs=n, **schedule)), 2) for n in (20, 50))
    assert [name for name in now if now[name] != before[name]] == ["train.epochs"]


@pytest.mark.parametrize(
    ("counts", "words", "name"),
    [
        (replace(COUNTS, documents=COUNTS.documents | {"train": 9}), ["好", "坏"], "train documents"),
        (replace(COUNTS, checksum=1235), ["好", "坏"], "checksum of the documents"),
        (COUNTS, ["坏", "好"], "checksum of the vocabulary word"),
    ],
)
def test_documents_and_vocabulary_decide(counts: Counts, words: list[str], name: str) -> None:
    before = of_documents(COUNTS, LANGUAGE)
    now = of_documents(counts, word_language(words, ["好评", "差评"]))
    assert [key for key in now if now[key] != before[key]] == [name]


def test_what_differs_is_said_with_what_it_was_and_is() -> None:
    run = Stopped("monday", {"workers": 2, "train.seed": 1, "model.networks": ["mlp"]})
    run.check({"workers": 2, "train.seed": 1})
    with pytest.raises(SettingsError) as refused:
        run.check({"workers": 3, "train.seed": 1, "model.networks": ["textcnn"], "train.metric": "loss"})
    assert str(refused.value) == (
        "The run monday cannot go on as another one: workers was 2 and is 3; "
        'model.networks was ["mlp"] and is ["textcnn"]; train.metric was null and is "loss". '
        "Give all as it was, or begin a new run without --resume."
    )


# Which run


def test_the_newest_run_with_a_checkpoint_is_gone_on_with(begin: Begin) -> None:
    begin("20260101-a", 1)
    begin("20260102-b", 2)
    begin("20260103-c", 0, epoch(1))  # stopped before its first checkpoint
    assert stopped(begin("20260104-d"), resume=True) == Stopped("20260102-b", DECISIVE)


def test_a_run_begins_anew_unless_it_is_to_go_on(begin: Begin) -> None:
    begin("20260101-a", 1)
    assert stopped(begin("20260102-b"), resume=False) is None


def test_a_run_of_the_same_name_goes_on_by_itself(begin: Begin) -> None:
    begin("20260101-a", 1)
    begin("20260102-b", 1)
    for resume in (False, True):
        assert stopped(begin("20260101-a"), resume) == Stopped("20260101-a", DECISIVE)


def test_where_there_is_nothing_to_go_on_from_it_is_said(begin: Begin) -> None:
    begin("20260101-a", 1).remove_checkpoints()
    begin("20260102-b", 0, epoch(1))
    with pytest.raises(SettingsError, match=r"no run has left a checkpoint in .*out; one that has"):
        stopped(begin("20260103-c"), resume=True)


# Its checkpoints and epochs


def test_checkpoints_and_epochs_become_those_of_the_run_that_goes_on(begin: Begin, tmp_path: Path) -> None:
    begin("20260101-a", 2, epoch(1), Progress(0, 2, 3, 1, 4, 8, 1.0, 0.5), epoch(2))
    folder = begin("20260102-b")
    assert folder.take_over("20260101-a") == [epoch(1), epoch(2)]
    assert [path.name for path in (tmp_path / "out" / "checkpoints").iterdir()] == ["20260102-b"]
    assert len(folder.checkpoints_of("20260102-b")) == 2
    first, second = (lines(tmp_path, run) for run in ("20260101-a", "20260102-b"))
    assert second == [line for line in first if "EpochDone" in line]
    assert begin("20260103-c").take_over("20260102-b") == [epoch(1), epoch(2)]


def test_a_run_of_the_same_name_has_them_already(begin: Begin, tmp_path: Path) -> None:
    begin("20260101-a", 1, epoch(1))
    folder = begin("20260101-a")
    assert folder.take_over("20260101-a") == [epoch(1)]
    assert len(folder.checkpoints_of("20260101-a")) == 1
    assert len(lines(tmp_path, "20260101-a")) == 1


def test_the_checkpoints_of_two_runs_are_not_mixed(begin: Begin) -> None:
    begin("20260101-a", 1)
    with pytest.raises(InputError, match="cannot be renamed"):
        begin("20260102-b", 0, epoch(1)).take_over("20260101-a")


# Its end


@pytest.mark.parametrize(
    ("error", "checkpoints", "said"),
    [(KeyboardInterrupt("SIGTERM"), 1, True), (KeyboardInterrupt("SIGTERM"), 0, False), (WorkerError("no"), 1, False)],
)
def test_a_run_that_a_signal_ends_says_how_to_go_on(
    begin: Begin, error: BaseException, checkpoints: int, said: bool
) -> None:
    screen = StringIO()
    folder, terminal = begin("20260101-a", checkpoints), Terminal(Console(file=screen))
    with pytest.raises(type(error)), kept_checkpoint_told(folder, terminal):
        raise error
    told = f"its last checkpoint, of epoch 1, step 0, is kept: --out {folder.uri} --resume goes on from there"
    assert (told in screen.getvalue()) == said

"""A worker on its own, from its first block to the published model."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from run import events
from run.config import DataConfig, ExportConfig, ModelConfig, RunConfig, TextConfig, TrainConfig
from run.events import Acknowledged, EpochDone, Event, Judged, Published, Spooled
from storage import StorageError
from tests.encoded import word_block, word_language
from text.errors import BlockError
from trainer.assignment import Assignment
from trainer.errors import ModelError
from trainer.mixture import Mixture
from trainer.place import Place
from trainer.serving import Classifier
from trainer.worker import run

pytestmark = pytest.mark.usefixtures("collective")

ALONE = Place(worker=0, workers=1, cores=1)
BLOCKS = [
    word_block("train", 0, 0, [([2, 4], 0), ([3, 4], 1)] * 8),
    word_block("train", 1, 0, [([4, 2], 0), ([3], 1), ([2], 0)] * 4),
    word_block("validation", 0, 1, [([2], 0), ([4, 3], 1), ([3], 1)]),
    word_block("test", 1, 1, [([2, 2], 0), ([3, 3], 1)]),
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The worker's working directory."""
    folder = tmp_path / "worker"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def assignment(tmp_path: Path) -> Assignment:
    config = RunConfig(
        data=DataConfig(input="reviews.tsv"),
        text=TextConfig(views=("word",)),
        model=ModelConfig(embedding_size=4, widths=(2,), filters=3, dropout=0.1),
        train=TrainConfig(epochs=12, patience=12, batch_size=4, learning_rate=0.05),
        export=ExportConfig(golden_examples=2),
    )
    language = word_language(["好", "坏", "书"], ["好评", "差评"])
    return Assignment(
        config,
        language,
        vectors=None,
        golden=("好", "书坏，坏"),
        rows={"train": 28, "validation": 3, "test": 2},
        checkpoints=str(tmp_path / "checkpoints"),
        models=str(tmp_path / "models"),
    )


def blocks() -> Iterator[bytes]:
    return (block.to_bytes() for block in BLOCKS)


@pytest.mark.integration
def test_blocks_become_a_published_model(assignment: Assignment, folder: Path, tmp_path: Path) -> None:
    log: list[Event] = []
    published = run(assignment, ALONE, blocks(), log.append)

    assert published == str(tmp_path / "models" / "1")
    assert [p.label for p in Classifier(published).predict(["好", "书坏", "坏"])] == ["好评", "差评", "差评"]
    card = json.loads(Path(published, "model.json").read_text(encoding="utf-8"))
    assert card["rows"] == {"train": 28, "validation": 3, "test": 2}
    assert card["metrics"] == {"test": {"accuracy": 1.0, "macro_f1": 1.0, "rows": 2}}
    (judged,) = (event for event in log if isinstance(event, Judged))
    assert (judged.places, judged.mistakes) == ([2, 0], [])
    # The class, and what the mixture and its three members say.
    assert sorted(row[1:] for row in judged.documents) == [[0] * 5, [1] * 5]
    assert list(folder.iterdir()) == []

    kinds = list(dict.fromkeys(type(event).__name__ for event in log))
    assert kinds == ["Acknowledged", "Spooled", "Progress", "EpochDone", "Tested", "Judged", "Published"]
    assert sum(isinstance(e, Acknowledged) for e in log) == 4
    assert [e.documents for e in log if isinstance(e, Spooled)] == [{"train": 28, "validation": 3, "test": 2}]
    assert {e.trained for e in log if isinstance(e, EpochDone)} == {28}
    assert [e.confusion for e in log if isinstance(e, events.Tested)] == [[[1, 0], [0, 1]]]
    assert [e.model for e in log if isinstance(e, Published)] == [published]
    assert card["best_epoch"] == next(e.best_epoch for e in log if isinstance(e, events.Tested))


def test_a_block_is_acknowledged_before_the_next_is_taken(assignment: Assignment, folder: Path) -> None:
    log: list[object] = []

    def broken_feed() -> Iterator[bytes]:
        for block in BLOCKS[:2]:
            log.append("taken")
            yield block.to_bytes()
        raise ConnectionError("the feed is gone")

    with pytest.raises(ConnectionError):
        run(assignment, ALONE, broken_feed(), log.append)
    assert log == ["taken", Acknowledged(0), "taken", Acknowledged(0)]
    assert list(folder.iterdir()) == []


def test_a_block_that_comes_twice_ends_the_run_without_a_model(assignment: Assignment, folder: Path) -> None:
    with pytest.raises(BlockError, match="came twice"):
        run(assignment, ALONE, [*blocks(), *blocks()], lambda _: None)
    assert list(folder.iterdir()) == []
    assert not Path(assignment.models).exists()


def test_a_run_whose_folder_cannot_be_written_ends_before_any_work(
    assignment: Assignment, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")

    def feed() -> Iterator[bytes]:
        raise AssertionError("a block was taken")
        yield b""

    with pytest.raises(StorageError, match=r"file.* cannot be written"):
        run(replace(assignment, models=str(tmp_path / "file" / "models")), ALONE, feed(), lambda _: None)
    assert list(folder.iterdir()) == []


@pytest.mark.integration
def test_a_model_that_answers_otherwise_than_the_trained_one_is_not_published(
    assignment: Assignment, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = lambda model, *_: Mixture(model.networks, model.bayes, np.zeros(3))  # noqa: E731
    monkeypatch.setattr("trainer.export._detached", silent)
    with pytest.raises(ModelError, match="differs from the trained model"):
        run(assignment, ALONE, blocks(), lambda _: None)
    assert not Path(assignment.models).exists()
    assert list(folder.iterdir()) == []

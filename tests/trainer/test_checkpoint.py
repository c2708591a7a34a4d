"""A checkpoint gives back what it was given; one that cannot be read or written costs no more than itself."""

import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from local_hadoop.daemons import wait_until
from run.events import Checkpointed, Event, Warned
from trainer.checkpoint import KEPT, Checkpoint, Checkpoints, Position, names, place_of
from trainer.liveness import CHECKPOINT_SIGNAL

ARRAYS = {"textcnn/weights 0": np.arange(6, dtype=np.float32).reshape(2, 3), "adam 0": np.array(7)}


@pytest.fixture(autouse=True)
def _in_the_workers_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    scratch = tmp_path / "worker"
    scratch.mkdir()
    monkeypatch.chdir(scratch)
    yield
    assert list(scratch.iterdir()) == []


@pytest.fixture
def told() -> list[Event]:
    return []


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "checkpoints"


def saved(folder: Path, told: list[Event], *positions: Position, worker: int = 0) -> Checkpoints:
    """Writes a checkpoint at each position."""
    with Checkpoints(str(folder), 1e-9, worker, told.append) as checkpoints:
        for position in positions:
            checkpoints.save(Checkpoint(position, ARRAYS, {"best": [{"epoch": position.epoch}]}))
    return checkpoints


def test_the_newest_comes_back_as_it_was(folder: Path, told: list[Event]) -> None:
    position = Position(12, 1_000, 3.5, 64_000, 60.25)
    found = saved(folder, told, Position(2, 2_000), position, Position(3, 7)).newest()
    assert found is not None
    assert found.position == position
    assert found.values == {"best": [{"epoch": 12}]}
    assert {name: array.tolist() for name, array in found.arrays.items()} == {
        name: array.tolist() for name, array in ARRAYS.items()
    }
    assert told == [Checkpointed(0, 2, 2_000), Checkpointed(0, 12, 1_000), Checkpointed(0, 3, 7)]


def test_a_run_that_has_none_begins_at_its_beginning(folder: Path, told: list[Event]) -> None:
    assert Checkpoints(str(folder), 60, 0, told.append).newest() is None


def test_the_newest_few_are_kept(folder: Path, told: list[Event]) -> None:
    saved(folder, told, *(Position(epoch) for epoch in range(1, 6)))
    assert [file.name for file in sorted(folder.iterdir())] == ["000004-000000000.npz", "000005-000000000.npz"]
    assert KEPT == 2


@pytest.mark.parametrize("left", [0, 100, -1])
def test_one_that_is_cut_off_is_passed_over_for_the_one_before(folder: Path, told: list[Event], left: int) -> None:
    checkpoints = saved(folder, told, Position(1, 5), Position(1, 9))
    newest = max(folder.iterdir())
    newest.write_bytes(newest.read_bytes()[:left])
    found = checkpoints.newest()
    assert found is not None
    assert found.position == Position(1, 5)
    assert [str(newest) in event.text for event in told if isinstance(event, Warned)] == [True]


def test_one_whose_bytes_have_changed_is_passed_over(folder: Path, told: list[Event]) -> None:
    checkpoints = saved(folder, told, Position(1, 5), Position(1, 9))
    newest = max(folder.iterdir())
    data = bytearray(newest.read_bytes())
    data[data.index(ARRAYS["textcnn/weights 0"].tobytes())] ^= 1
    newest.write_bytes(data)
    found = checkpoints.newest()
    assert found is not None
    assert found.position == Position(1, 5)


def test_one_that_cannot_be_written_is_told_of_and_the_next_one_is_tried(folder: Path, told: list[Event]) -> None:
    folder.write_text("a file stands where the folder is to be", encoding="utf-8")
    checkpoints = saved(folder, told, Position(1, 5))
    assert [type(event) for event in told] == [Warned]
    folder.unlink()
    assert checkpoints.due


def test_in_an_outage_it_is_told_once_and_tried_again_soon(
    folder: Path, told: list[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trainer.checkpoint.AGAIN_SECONDS", 0.0)
    folder.write_text("a file stands where the folder is to be", encoding="utf-8")
    with Checkpoints(str(folder), 3_600, 0, told.append) as checkpoints:
        assert not checkpoints.due
        for step in (1, 2):
            checkpoints.save(Checkpoint(Position(1, step), ARRAYS))
            assert wait_until(lambda: checkpoints.due, 10)
        folder.unlink()
        checkpoints.save(Checkpoint(Position(1, 3), ARRAYS))
    assert [type(event) for event in told] == [Warned, Checkpointed]
    assert not checkpoints.due


def test_they_are_due_as_often_as_it_is_said_and_on_the_chief_alone(folder: Path, told: list[Event]) -> None:
    assert Checkpoints(str(folder), 1e-9, 0, told.append).due
    assert not Checkpoints(str(folder), 1e-9, 1, told.append).due
    with Checkpoints(str(folder), 3_600, 0, told.append) as checkpoints:
        assert not checkpoints.due


@pytest.mark.parametrize("worker", [0, 1])
def test_one_that_is_asked_for_is_due_on_the_chief_until_it_is_saved(
    folder: Path, told: list[Event], worker: int
) -> None:
    with Checkpoints(str(folder), 3_600, worker, told.append) as checkpoints:
        signal.raise_signal(CHECKPOINT_SIGNAL)
        assert checkpoints.due == (worker == 0)
        checkpoints.save(Checkpoint(Position(2, 5), ARRAYS))
        assert not checkpoints.due
    assert [place_of(name) for name in names(str(folder))] == [(2, 5)]

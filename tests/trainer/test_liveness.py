"""A heartbeat tells of progress, and of the others that are waited for."""

import queue
from pathlib import Path

import pytest

from run.events import Alive, Event
from trainer import liveness
from trainer.liveness import STACK, Progress, heartbeat


@pytest.fixture
def progress(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Progress:
    """A process at its beginning, in an empty working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(liveness, "HEARTBEAT_SECONDS", 0.01)
    monkeypatch.setattr(liveness, "progress", Progress())
    return liveness.progress


def test_the_heartbeat_says_how_much_is_done(progress: Progress) -> None:
    told: queue.SimpleQueue[Event] = queue.SimpleQueue()
    with heartbeat(2, told.put):
        assert told.get(timeout=10) == Alive(2, 0)
        progress.beat()
        progress.beat()
        while told.get(timeout=10) != Alive(2, 2):
            pass
        with progress.waiting():
            while told.get(timeout=10) != Alive(2, None):
                pass
        while told.get(timeout=10) != Alive(2, 2):
            pass
    assert not STACK.exists()

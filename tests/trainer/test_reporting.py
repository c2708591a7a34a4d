"""A worker's process reports its beginning and its end, whatever the end is."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import tensorflow as tf

from run.events import Event, Failed, Finished, Started
from text.errors import BlockError
from trainer.errors import TrainingError
from trainer.reporting import reported


@pytest.fixture(autouse=True)
def _in_the_workers_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def ending(work: Callable[[], object]) -> tuple[Event, Event]:
    log: list[Event] = []
    reported(work, 3, log.append)
    first, last = log
    return first, last


def test_a_process_reports_its_beginning_and_its_end() -> None:
    first, last = ending(lambda: None)
    assert isinstance(first, Started)
    assert (first.worker, first.pid > 0) == (3, True)
    assert last == Finished(3)


def test_a_process_reports_an_error_with_its_traceback() -> None:
    def work() -> None:
        raise BlockError("cut off")

    _, last = ending(work)
    assert isinstance(last, Failed)
    assert (last.worker, last.error, last.lost_peer) == (3, "BlockError: cut off", False)
    assert "in work\n" in last.traceback
    assert not last.permanent


def test_an_error_that_would_come_again_is_reported_as_such() -> None:
    def work() -> None:
        raise TrainingError("The loss is nan")

    _, last = ending(work)
    assert isinstance(last, Failed)
    assert last.permanent


@pytest.mark.parametrize("kind", [tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.CancelledError])
def test_an_error_that_another_worker_caused_is_reported_as_such(kind: type[Exception]) -> None:
    def work() -> None:
        raise kind(None, None, "Connection reset by peer")

    _, last = ending(work)
    assert isinstance(last, Failed)
    assert last.lost_peer
    assert "Connection reset by peer" in last.error


def test_it_says_its_first_word_without_tensorflow() -> None:
    program = f"import sys; sys.path[:0] = {sys.path}; import trainer.reporting; assert 'tensorflow' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)

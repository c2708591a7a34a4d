"""One worker's process at a time in a working directory."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from trainer import predecessor
from trainer.predecessor import LOCK, SPOOL

HOLDS = """
from trainer import predecessor

with predecessor.ended():
    print("holds", flush=True)
    input()
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def before(folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """A worker's process of an earlier attempt."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    path = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen([sys.executable, "-c", HOLDS], cwd=folder, env=path, **pipes) as process:  # type: ignore[call-overload]
        assert process.stdout.readline() == "holds\n"
        yield process
        process.kill()


@pytest.mark.parametrize("stopped", [False, True])
def test_what_an_earlier_attempt_has_left_is_ended(
    before: "subprocess.Popen[str]", folder: Path, stopped: bool
) -> None:
    (folder / f"{SPOOL}abc").mkdir()
    (folder / f"{SPOOL}abc" / "blocks").write_bytes(b"its documents")
    if stopped:
        before.send_signal(signal.SIGSTOP)
    with predecessor.ended():
        assert before.wait(10) == -signal.SIGKILL
        assert LOCK.read_text() == str(os.getpid())
        assert [path.name for path in folder.iterdir()] == [LOCK.name]
    assert list(folder.iterdir()) == []


def test_one_that_has_ended_is_not_looked_for(before: "subprocess.Popen[str]", folder: Path) -> None:
    before.kill()
    before.wait()
    (folder / LOCK).write_text("1")  # it would be a catastrophe
    with predecessor.ended():
        assert LOCK.read_text() == str(os.getpid())

"""Daemons as processes: stopped by their id and start, and never another process instead."""

import signal
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from local_hadoop.daemons import DAEMON_MARK, Process, processes_of, start, stop, wait_until, wait_until_ready
from local_hadoop.errors import HadoopError

FOREVER = "import signal; print('started', flush=True); signal.pause()"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {FOREVER}"


@pytest.fixture(name="folder")
def make_folder(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "logs").mkdir()
    yield tmp_path
    stop(tuple(processes_of(tmp_path)))


def run(folder: Path, program: str) -> Process:
    return start("it", [sys.executable, "-c", program], folder=folder, environment={DAEMON_MARK: str(folder)})


def says(folder: Path, text: str) -> bool:
    return text in (folder / "logs" / "it.log").read_text(encoding="utf-8")


def test_a_stopped_daemon_is_gone(folder: Path) -> None:
    daemon = run(folder, FOREVER)
    assert daemon.alive
    stop([daemon])
    assert not daemon.alive
    assert not psutil.pid_exists(daemon.pid)


def test_a_daemon_that_will_not_end_is_killed(folder: Path) -> None:
    daemon = run(folder, STUBBORN)
    assert wait_until(lambda: says(folder, "started"), timeout_s=20)
    stop([daemon], grace_s=0.5)
    assert not daemon.alive


def test_another_process_with_the_same_id_is_left_alone(folder: Path) -> None:
    daemon = run(folder, FOREVER)
    before = replace(daemon, start="another-boot/1")
    assert not before.alive
    stop([before])
    assert daemon.alive


def test_a_daemon_has_a_session_of_its_own(folder: Path) -> None:
    daemon = run(folder, "import os; print(os.getsid(0) == os.getpid(), flush=True)")
    assert wait_until(lambda: says(folder, "True"), timeout_s=20)
    stop([daemon])


def test_a_killed_daemon_is_not_alive_while_nobody_has_waited_for_it(folder: Path) -> None:
    daemon = run(folder, FOREVER)
    psutil.Process(daemon.pid).send_signal(signal.SIGKILL)
    assert wait_until(lambda: not daemon.alive, timeout_s=20)


def test_a_daemon_that_ends_is_an_error_with_its_last_lines(folder: Path) -> None:
    daemon = run(folder, "raise SystemExit('the disk is full')")
    with pytest.raises(HadoopError, match=r"it ended while starting.*\n.*the disk is full"):
        wait_until_ready(lambda: False, [daemon], folder=folder, timeout_s=20)


def test_waiting_is_bounded(folder: Path) -> None:
    daemon = run(folder, FOREVER)
    with pytest.raises(HadoopError, match="not ready after 1 s"):
        wait_until_ready(lambda: False, [daemon], folder=folder, timeout_s=1)


def test_daemons_and_containers_are_found_by_their_folder(folder: Path) -> None:
    daemon = run(folder, FOREVER)
    of_yarn = {"LOCAL_USER_DIRS": f"{folder}/node-0/local/usercache/me/"}
    of_another = {"LOCAL_USER_DIRS": f"{folder}-2/node-0/local/usercache/me/"}
    command = [sys.executable, "-c", FOREVER]
    container = start("container", command, folder=folder, environment=of_yarn)
    stranger = start("stranger", command, folder=folder, environment=of_another)
    try:
        # A process has its own environment only once it has begun its program.
        assert wait_until(lambda: {p.pid for p in processes_of(folder)} == {daemon.pid, container.pid}, timeout_s=20)
        assert stranger.alive
    finally:
        stop([stranger])

"""Hadoop's daemons as processes: start one, see whether it lives, stop it by its process id."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from local_hadoop.errors import HadoopError

DAEMON_MARK = "TEXTCNN_HADOOP_FOLDER"
"""The environment variable by which daemons are found, should nobody have noted them."""

CONTAINER_MARK = "LOCAL_USER_DIRS"
"""The environment variable by which YARN tells containers of its folders, and by which they are found."""

JVM_OPTIONS = (
    "-Xmx256m",
    "-XX:+UseSerialGC",
    # Daemons that live for minutes never earn back what the second compiler costs.
    "-XX:TieredStopAtLevel=1",
    # Without Hadoop's native library, which is not on Maven, a NodeManager starts a chmod for each file it unpacks.
    "-Djdk.lang.Process.launchMechanism=VFORK",
    # Else a killed JVM leaves a file in /tmp.
    "-XX:-UsePerfData",
    "-Djava.net.preferIPv4Stack=true",
    # What tools print is read as UTF-8, whatever the shell's language.
    "-Dfile.encoding=UTF-8",
    *("--add-opens", "java.base/java.lang=ALL-UNNAMED"),
    *("--add-opens", "java.base/java.util=ALL-UNNAMED"),
)

POLL_S = 0.1


@dataclass(frozen=True, kw_only=True)
class Process:
    """A process of this machine. Its start tells it from a later one with the same id."""

    name: str
    pid: int
    start: str

    @property
    def alive(self) -> bool:
        """Whether this very process still runs."""
        return _start_of(self.pid) == self.start


def java() -> Path:
    """The JVM: JAVA_HOME's, else the one on the PATH."""
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=f"{home}/bin" if home else None)
    if found is None:
        place = f"JAVA_HOME, which is {home}" if home else "the PATH"
        raise HadoopError(f"Hadoop needs Java 17 or later, and there is no `java` in {place}: install it.")
    return Path(found).resolve()


def java_command(class_path: Iterable[Path], main_class: str, *args: str, options: Iterable[str] = ()) -> list[str]:
    """The command that runs a class of Hadoop."""
    paths = os.pathsep.join(map(str, class_path))
    return [str(java()), *JVM_OPTIONS, *options, "-cp", paths, main_class, *args]


def start(name: str, command: list[str], *, folder: Path, environment: Mapping[str, str]) -> Process:
    """Starts a daemon in a session of its own, writing to its log."""
    with log_of(folder, name).open("ab") as log:
        daemon = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    begun = _start_of(daemon.pid)
    # The daemon outlives this object, which would otherwise warn about that.
    daemon.returncode = 0
    if not begun:
        raise _ended(name, folder)
    return Process(name=name, pid=daemon.pid, start=begun)


def log_of(folder: Path, name: str) -> Path:
    """Where a daemon writes its log."""
    return folder / "logs" / f"{name}.log"


def wait_until(ready: Callable[[], bool], timeout_s: float) -> bool:
    """Asks at short intervals; whether it became ready in time."""
    deadline = time.monotonic() + timeout_s
    while not ready():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_S)
    return True


def wait_until_ready(ready: Callable[[], bool], daemons: Sequence[Process], *, folder: Path, timeout_s: float) -> None:
    """Waits for daemons that must all stay alive meanwhile.

    Raises:
        HadoopError: A daemon ended, or time is up; with the last lines of the daemons' logs.
    """

    def ready_or_dead() -> bool:
        for daemon in daemons:
            if not daemon.alive:
                raise _ended(daemon.name, folder)
        return ready()

    if not wait_until(ready_or_dead, timeout_s):
        logs = "\n".join(f"{daemon.name}:\n{_last_lines(folder, daemon.name, 5)}" for daemon in daemons)
        raise HadoopError(f"Hadoop was not ready after {timeout_s:.0f} s. Its logs' last lines:\n{logs}")


def stop(processes: Iterable[Process], grace_s: float = 10) -> None:
    """Ends processes: ask, wait, then kill.

    Raises:
        HadoopError: One of them cannot be killed.
    """
    processes = tuple(processes)
    for how in (signal.SIGTERM, signal.SIGKILL):
        for process in processes:
            _send(process, how)
        if wait_until(lambda: not any(process.alive for process in processes), grace_s):
            break
    else:
        alive = ", ".join(f"{process.name} ({process.pid})" for process in processes if process.alive)
        raise HadoopError(f"Killed {grace_s:.0f} s ago and still alive: {alive}.")
    for process in processes:
        _reap(process)


def processes_of(folder: Path) -> Iterator[Process]:
    """Daemons of this folder and their containers, as they say of themselves, whoever started them."""
    for entry in Path("/proc").glob("[0-9]*"):
        pid = int(entry.name)
        begun = _start_of(pid)
        if begun and _belongs(_environment_of(pid), folder):
            yield Process(name="process", pid=pid, start=begun)


def _belongs(environment: list[bytes], folder: Path) -> bool:
    daemon = f"{DAEMON_MARK}={folder}".encode()
    container = f"{CONTAINER_MARK}={folder}/".encode()
    return any(entry == daemon or entry.startswith(container) for entry in environment)


def _ended(name: str, folder: Path) -> HadoopError:
    """The error of a daemon that did not stay alive."""
    last_lines = _last_lines(folder, name, 20)
    return HadoopError(f"Hadoop's {name} ended while starting. Its log's last lines:\n{last_lines}")


def _last_lines(folder: Path, name: str, count: int) -> str:
    lines = log_of(folder, name).read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(lines[-count:])


def _send(process: Process, how: signal.Signals) -> None:
    """Signals a process, if it is still the one that was meant."""
    if process.alive:
        with contextlib.suppress(ProcessLookupError):  # ended since
            os.kill(process.pid, how)


def _reap(process: Process) -> None:
    """Lets an ended child of this very process go; other processes' children are not ours to wait for."""
    if _state_and_start_of(process.pid)[1] == process.start:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(process.pid, os.WNOHANG)


def _start_of(pid: int) -> str:
    """When a running process began; empty when it has ended, if only as a zombie."""
    state, start = _state_and_start_of(pid)
    return "" if state in "ZX" else start


def _state_and_start_of(pid: int) -> tuple[str, str]:
    """A process's state, and when it began as this boot and the ticks since; empty when there is none."""
    stat = _read(pid, "stat").decode(errors="replace")
    if not stat:
        return "", ""
    # The name stands in brackets and may hold anything, brackets included.
    state, *numbers = stat.rpartition(")")[2].split()
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
    return state, f"{boot}/{numbers[18]}"


def _environment_of(pid: int) -> list[bytes]:
    """The environment a process was started with; none if it is not ours to read."""
    return _read(pid, "environ").split(b"\0")


def _read(pid: int, name: str) -> bytes:
    """A file about a process; empty when the process has gone or is another user's."""
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return b""

"""Runs a launch on YARN: shows what happens there, kills it on Ctrl-C or another signal, and says how it ended."""

import os
import re
import select
import signal
import subprocess
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO, Any

from cluster.yarn import client
from run import folder, signals
from run.events import from_json
from run.result import Result
from run.terminal import Terminal
from storage import LogReader, StorageError, exists, join, outlasting, read

POLL_SECONDS = 1.0
KEPT_LINES = 30

_SUBMITTING = r"Submitting application (?:master )?(application_\d+_\d+)"


@dataclass
class Application:
    """An application as the client that submits it tells of it on its stderr."""

    identity: str | None = None
    state: str | None = None
    said: deque[str] = field(default_factory=lambda: deque(maxlen=KEPT_LINES))
    """The last lines, for an application that left no other word."""

    def hear(self, line: str) -> str | None:
        """Takes in a line, and returns what a person should know of it."""
        self.said.append(line)
        if self.identity is None and (found := re.search(_SUBMITTING, line)):
            self.identity = found[1]
            return f"submitted {self.identity}"
        if (found := re.search(r"\(state: (\w+)\)", line)) and found[1] != self.state:
            self.state = found[1]
            return f"{self.identity} {self.state}"
        if (found := re.match(r"\s*tracking URL: (\S+)", line)) and self.state == "RUNNING":
            return f"tracking URL {found[1]}"
        return None


def follow(
    argv: list[str], environment: Mapping[str, str], out: str, run: str, terminal: Terminal, in_cluster: bool
) -> int:
    """Runs spark-submit and returns the exit status of the run: 0, 2 or 1.

    Args:
        argv: the command.
        environment: of the command.
        out: the URI of the run's folder, which may have other runs' records too.
        run: the run's name.
        terminal: shows what happens.
        in_cluster: the driver runs in a container; one that runs here shows by itself how it goes.

    Raises:
        YarnError: an application that was to be killed, on a signal, is not.
    """
    application = Application()
    metrics = LogReader(join(out, folder.metrics(run)))
    with subprocess.Popen(
        argv,
        env=environment,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is answered here: spark-submit's end would not end the application
    ) as process:
        assert process.stderr is not None
        try:
            for line in _lines(process.stderr):
                if in_cluster:
                    _show(metrics, terminal)
                if line is not None and (told := application.hear(line)):
                    terminal.say(told)
            status = process.wait()
        except KeyboardInterrupt:
            with signals.ignored():
                _kill(process, application, terminal)
            return 1
        finally:
            end(process)
    if in_cluster:
        _show(metrics, terminal)
        status = _tell_end(status, application, out, run, terminal)
    if status and application.identity:
        terminal.say(f"the rest is in its logs: textcnn logs {application.identity}")
    return status


def _lines(stream: IO[bytes]) -> Iterator[str | None]:
    """Yields a process's lines until it has closed its stream, and None whenever there is none for a while."""
    waiting = b""
    while True:
        if not select.select([stream], [], [], POLL_SECONDS)[0]:
            yield None
            continue
        piece = os.read(stream.fileno(), 1 << 16)
        *lines, waiting = (waiting + piece).split(b"\n")
        yield from (line.decode(errors="replace") for line in lines)
        if not piece:
            return


def _show(metrics: LogReader, terminal: Terminal) -> None:
    try:
        for line in metrics.lines():
            terminal.show(from_json(line))
    except StorageError as error:
        terminal.say(f"its progress cannot be shown: {error}")  # it goes on all the same


def _kill(process: subprocess.Popen[bytes], application: Application, terminal: Terminal) -> None:
    """Ends what was begun, and stays until it has ended."""
    if application.state is None:
        end(process)
        assert process.stderr is not None
        for line in process.stderr:  # it may have submitted meanwhile
            application.hear(line.decode(errors="replace"))
    if application.identity is None:
        terminal.say("interrupted before anything was submitted")
        return
    terminal.say(f"killing {application.identity}")
    terminal.say(f"{application.identity} {client.kill(application.identity)}")


def end(process: subprocess.Popen[Any]) -> None:
    """Ends the client and, with Spark in client mode, its driver."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)


def _tell_end(status: int, application: Application, out: str, run: str, terminal: Terminal) -> int:
    """Says how a driver in a container ended, and returns the exit status that spark-submit does not know."""
    file = join(out, folder.RESULT)
    result = outlasting(lambda: Result.from_json(read(file)) if exists(file) else Result(), terminal.say)
    if result.run not in ("", run):
        terminal.say(f"{file} is of another run into the same folder, {result.run}")
        result = Result()
    if status == 0:
        labels = join(out, folder.LABELS)
        names = outlasting(lambda: read(labels).decode().splitlines() if exists(labels) else (), terminal.say)
        terminal.outcome(result, names)
        return 0
    terminal.fail(result.error or "\n".join(application.said))
    return 2 if result.exit_status == 2 else 1

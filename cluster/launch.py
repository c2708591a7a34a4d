"""Runs a launch: spark-submit as a process, to its end."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from cluster import signals, staging
from cluster.errors import LaunchError
from cluster.follow import METRICS, RESULT, follow
from cluster.hdfs import Folder
from cluster.progress import Progress
from cluster.staging import Needed
from cluster.submit import SparkSubmit, spark_home

END_SECONDS = 30.0
"""How long a driver on this machine may take to end its executors, before all are killed."""


def local(launch: SparkSubmit, logs: Path) -> int:
    """Runs executors on this machine and returns spark-submit's exit status; 1 if a signal has ended the run.

    Args:
        launch: the command.
        logs: where the executors put their logs.

    Raises:
        LaunchError: the folder of the logs cannot be made.
    """
    with _with_logs(spark_home(), logs) as home:
        environment = {**os.environ, **launch.environment, **_terminal(), "SPARK_HOME": str(home)}
        # In a session of its own: Ctrl-C is answered here, in order, and not by each process by itself.
        with subprocess.Popen(launch.argv(), env=environment, start_new_session=True) as process:
            try:
                return process.wait()
            except KeyboardInterrupt as interrupt:
                with signals.ignored():
                    _end(process, launch.script, signal.Signals[str(interrupt)])
                return 1


def yarn(launch: SparkSubmit, needed: Needed, folder: Folder, out: Folder) -> int:
    """Runs executors on YARN and returns the exit status of the run.

    Args:
        launch: the command.
        needed: what the nodes need.
        folder: where that lies on HDFS; what is missing is put there.
        out: the run's folder.

    Raises:
        HdfsError: one of the folders cannot be written.
        YarnError: YARN does not kill the application, after Ctrl-C.
    """
    out.make()
    for record in (METRICS, RESULT):
        out.remove(record)  # an earlier run's
    progress = Progress(Console(stderr=True))
    for upload in staging.put(needed, folder):
        progress.say(str(upload))
    in_cluster = launch.properties["spark.submit.deployMode"] == "cluster"
    environment = {**os.environ, **launch.environment, **_terminal()}
    with progress if in_cluster else nullcontext():  # a driver that runs here has the terminal
        return follow(launch.argv(), environment, out, progress, in_cluster)


def _end(process: subprocess.Popen[bytes], script: Path, number: signal.Signals) -> None:
    """Has the driver end the run: it ends the executors, writes the result, and spark-submit ends after it."""
    driver = _driver(process.pid, script)
    if driver is None:
        process.terminate()  # it has not started, or it has ended
    else:
        os.kill(driver, number)
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)


def _driver(spark_submit: int, script: Path) -> int | None:
    """Returns the process of the driver's script, a child of spark-submit."""
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            parent = f"\nPPid:\t{spark_submit}\n" in status.read_text(encoding="utf-8", errors="replace")
            command = status.with_name("cmdline").read_bytes() if parent else b""
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended meanwhile
        if os.fsencode(script) in command.split(b"\0"):
            return int(status.parent.name)
    return None


def _terminal() -> dict[str, str]:
    """What the driver has to know of the terminal, which it sees through spark-submit only."""
    if not sys.stdout.isatty():
        return {}
    return {"TTY_COMPATIBLE": "1", "TTY_INTERACTIVE": "1", "COLUMNS": str(shutil.get_terminal_size().columns)}


@contextmanager
def _with_logs(home: Path, logs: Path) -> Iterator[Path]:
    """A Spark home whose `work` is `logs`: executors on this machine have no other setting for their folder."""
    try:
        logs.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LaunchError(
            f"The output folder {logs.parent} cannot be written: {error.strerror}. Give --out a folder that can."
        ) from error
    with TemporaryDirectory(prefix="spark-home-") as view:
        for part in home.iterdir():
            if part.name != "work":
                Path(view, part.name).symlink_to(part)
        Path(view, "work").symlink_to(logs.absolute())
        yield Path(view)

"""Runs a launch: spark-submit as a process, to its end."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from cluster import staging
from cluster.errors import LaunchError
from cluster.follow import METRICS, RESULT, follow
from cluster.hdfs import Folder
from cluster.progress import Progress
from cluster.staging import Needed
from cluster.submit import SparkSubmit, spark_home


def local(launch: SparkSubmit, logs: Path) -> int:
    """Runs executors on this machine and returns spark-submit's exit status.

    Args:
        launch: the command.
        logs: where the executors put their logs.

    Raises:
        LaunchError: the folder of the logs cannot be made.
    """
    with _with_logs(spark_home(), logs) as home:
        environment = {**os.environ, **launch.environment, **_terminal(), "SPARK_HOME": str(home)}
        with subprocess.Popen(launch.argv(), env=environment) as process:
            while True:
                try:
                    return process.wait()
                except KeyboardInterrupt:
                    pass  # spark-submit has had it too, and ends the run


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

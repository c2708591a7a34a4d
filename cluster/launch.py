"""Runs a launch: spark-submit as a process, with the executors' logs in the run's folder."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from cluster.errors import LaunchError
from cluster.submit import SparkSubmit, spark_home


def run(launch: SparkSubmit, logs: Path) -> int:
    """Runs spark-submit to its end and returns its exit status.

    Args:
        launch: the command.
        logs: where executors on this machine put their logs.

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

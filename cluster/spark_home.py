"""A Spark home of links, so that executors on this machine put their logs into the run's folder.

It stands in for a setting that Spark does not have: the executors of local-cluster work in `$SPARK_HOME/work`, and in
no other folder (org.apache.spark.deploy.LocalSparkCluster, read in Spark 3.5 and 4.3). The logs are what a test
looks for there: tests/integration/test_main_job.py.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from cluster.errors import LaunchError


@contextmanager
def with_logs(home: Path, logs: Path) -> Iterator[Path]:
    """Gives a Spark home whose `work` is the folder of the logs.

    If it is that of this environment's pyspark, it has no `python`: Spark's JVMs have each Python look there first, and
    there lies the same package in an archive without bytecode, which every process would compile anew.

    Raises:
        LaunchError: that folder cannot be made.
    """
    try:
        logs.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LaunchError(
            f"The output folder {logs.parent} cannot be written: {error.strerror}.", "Give --out a folder that can."
        ) from error
    with TemporaryDirectory(prefix="spark-home-") as view:
        left_out = {"work", "python"} if _is_installed(home) else {"work"}
        for part in home.iterdir():
            if part.name not in left_out:
                Path(view, part.name).symlink_to(part)
        Path(view, "work").symlink_to(logs.absolute())
        yield Path(view)


def _is_installed(home: Path) -> bool:
    """Whether a Spark home is the package pyspark that this Python imports."""
    package = find_spec("pyspark")
    return package is not None and package.origin is not None and Path(package.origin).parent.samefile(home)

"""Spark's classes as a JVM has read, checked and linked them: runs on this machine map them and start in half the time.

    python -m cluster.class_archive

Source: JEP 350, Dynamic CDS Archives. A JVM that the archive does not fit, as of another version or other jars, passes
over it.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from cluster.errors import LaunchError
from cluster.spark_submit import LOGGING, quoted, spark_home

JVM = "-XX:TieredStopAtLevel=1"
"""JVMs that live for minutes beside TensorFlow never earn back what their second compiler takes of the same cores."""
ARCHIVE = Path(sys.prefix, "spark-classes.jsa")
"""In the environment whose Spark it is of."""
QUIET = "-Xlog:cds*=off,class+path=off"
"""What a JVM passes over is no matter of the user's."""
_SCRIPT = Path(__file__).parents[1] / "spark_driver" / "load_classes.py"


def options() -> tuple[str, ...]:
    """Returns the JVM's options that use the archive; none where it has not been made."""
    return (f"-XX:SharedArchiveFile={ARCHIVE}", QUIET) if ARCHIVE.exists() else ()


def make() -> None:
    """Has Spark load its classes, and writes the archive.

    Raises:
        LaunchError: Spark has failed, or its JVM can keep no classes.
    """
    with TemporaryDirectory(dir=ARCHIVE.parent) as folder:
        made = Path(folder, ARCHIVE.name)
        python = dict.fromkeys(("PYSPARK_PYTHON", "PYSPARK_DRIVER_PYTHON"), sys.executable)
        # Not a home of links as a run's, which has gone when a JVM compares the jars with those of the archive.
        with _left_as_it_is(spark_home()) as home:
            environment = os.environ | python | {"SPARK_LOCAL_IP": "127.0.0.1", "SPARK_HOME": str(home)}
            command = [str(home / "bin" / "spark-submit"), *_properties(made), str(_SCRIPT)]
            ended = subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", check=False)
        if ended.returncode or not made.exists():
            raise LaunchError(
                f"Spark's classes cannot be kept: {(ended.stdout + ended.stderr).strip()[-2000:]}",
                "Runs start without them too, only later.",
            )
        made.rename(ARCHIVE)


@contextmanager
def _left_as_it_is(home: Path) -> Iterator[Path]:
    """A Spark home without the folder that executors work in, unless it had one before."""
    work = home / "work"
    before = work.exists()
    yield home
    if not before:
        shutil.rmtree(work, ignore_errors=True)


def _properties(archive: Path) -> list[str]:
    java = (
        JVM,
        f"-XX:ArchiveClassesAtExit={archive}",
        QUIET,
        f"-Dlog4j2.configurationFile={LOGGING.as_uri()}",
    )
    properties = {
        "spark.driver.extraJavaOptions": quoted(java),
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "2",
    }
    return [part for key, value in properties.items() for part in ("--conf", f"{key}={value}")]


if __name__ == "__main__":
    make()

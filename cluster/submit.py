"""A launch as a value: the spark-submit command of a run, to be printed or to be run."""

import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from cluster.errors import ProfileError
from cluster.profile import Profile

_LOGGING = Path(__file__).with_name("log4j2.properties")


@dataclass(frozen=True)
class SparkSubmit:
    """A spark-submit command; nothing has happened yet."""

    program: str
    """The program spark-submit itself."""
    properties: Mapping[str, str]
    """Spark's properties, each given with --conf."""
    script: Path
    """The driver's script."""
    arguments: Sequence[str]
    """The script's arguments."""
    passed_on: Sequence[str] = ()
    """spark-submit arguments from the user; they come last, so they win over the properties."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables set for spark-submit."""

    def argv(self) -> list[str]:
        """Returns the command as a list of arguments."""
        conf = [part for key, value in sorted(self.properties.items()) for part in ("--conf", f"{key}={value}")]
        return [self.program, *conf, *self.passed_on, str(self.script), *self.arguments]

    def __str__(self) -> str:
        """The command for a shell."""
        variables = [f"{key}={shlex.quote(value)}" for key, value in sorted(self.environment.items())]
        return " ".join([*variables, shlex.join(self.argv())])


def local(
    profile: Profile, script: Path, arguments: Sequence[str], passed_on: Sequence[str], logs: Path
) -> SparkSubmit:
    """Returns the command for executors on this machine, each a process of its own.

    Args:
        profile: how many, how large.
        script: the driver's program.
        arguments: its arguments.
        passed_on: further arguments of spark-submit.
        logs: the folder of the driver's log.
    """
    java = (f"-Dlog4j2.configurationFile={_LOGGING.as_uri()}", f"-Dtextcnn.driver.log={logs.absolute() / 'driver.log'}")
    memory = profile.executor_memory_mb
    properties = {
        "spark.master": f"local-cluster[{profile.workers},{profile.cores},{memory}]",
        "spark.executor.memory": f"{memory}m",
        "spark.driver.memory": f"{profile.driver_memory_mb}m",
        "spark.executor.cores": str(profile.cores),
        "spark.task.cpus": str(profile.cores),
        "spark.scheduler.minRegisteredResourcesRatio": "1.0",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.extraJavaOptions": " ".join(f'"{option}"' for option in java),
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": str(2 * profile.workers),
        **profile.spark,
    }
    environment = {
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_DRIVER_PYTHON": sys.executable,
        "SPARK_LOCAL_IP": "127.0.0.1",
        "TF_CPP_MIN_LOG_LEVEL": "2",
    }
    return SparkSubmit(
        str(spark_home() / "bin" / "spark-submit"), properties, script, arguments, passed_on, environment
    )


def spark_home() -> Path:
    """Returns Spark's folder: SPARK_HOME, or else the installed package pyspark.

    Raises:
        ProfileError: there is neither.
    """
    if home := os.environ.get("SPARK_HOME"):
        return Path(home)
    package = find_spec("pyspark")
    if package is None or not package.submodule_search_locations:
        raise ProfileError("There is no Spark: set SPARK_HOME, or install the package pyspark.")
    return Path(package.submodule_search_locations[0])

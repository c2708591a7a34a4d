"""A launch as a value: the spark-submit command of a run, to be printed or to be run, wherever it runs."""

import os
import shlex
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from cluster import spark_arguments
from cluster.errors import LaunchError
from run.errors import SettingsError
from run.profile import PLACE, Profile
from run.resources import FIXED

LOGGING = Path(__file__).with_name("log4j2.properties")
"""Errors only: the driver's own output is the progress of the run."""


@dataclass(frozen=True, kw_only=True)
class Launch:
    """What is to be launched, wherever that is."""

    name: str
    """The name in YARN's lists."""
    script: Path
    """The driver's script."""
    run_file: Path | None = None
    """None for a script that needs none."""
    changes: Sequence[str] = ()
    """What the user changes in the run file, section.key=value each."""
    out: str
    """The run's folder."""
    options: Sequence[str] = ()
    """Further arguments of the script."""
    passed_on: Sequence[str] = ()
    """spark-submit arguments from the user; they come last, so they win over the properties."""

    def arguments(self, run_file: str | None = None) -> list[str]:
        """Returns the script's arguments, with the run file's path if the driver has it elsewhere."""
        if self.run_file is None:
            return ["--out", self.out, *self.options]
        changes = [part for change in self.changes for part in ("--set", change)]
        return ["--config", run_file or str(self.run_file), *changes, "--out", self.out, *self.options]


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

    def effective(self) -> dict[str, str]:
        """Returns the properties as spark-submit will see them, with the user's own and with Spark's defaults."""
        configuration = Path(os.environ.get("SPARK_CONF_DIR") or Path(self.program).parents[1] / "conf")
        return {
            **spark_arguments.defaults(self.passed_on, configuration),
            **self.properties,
            **spark_arguments.properties(self.passed_on, self.properties["spark.master"] == "yarn"),
        }

    def __str__(self) -> str:
        """The command for a shell."""
        variables = [f"{key}={shlex.quote(value)}" for key, value in sorted(self.environment.items())]
        return " ".join([*variables, shlex.join(self.argv())])


def spark_submit(
    properties: Mapping[str, str], launch: Launch, arguments: Sequence[str], environment: Mapping[str, str]
) -> SparkSubmit:
    """Returns the command of a launch.

    Raises:
        LaunchError: there is no Spark.
        SettingsError: the user's arguments say where to run.
    """
    _check_place(launch.passed_on)
    program = str(spark_home() / "bin" / "spark-submit")
    return SparkSubmit(program, properties, launch.script, arguments, launch.passed_on, environment)


def quoted(options: Iterable[str]) -> str:
    """Returns options of a JVM as Spark's properties have them; they may have spaces."""
    return " ".join(f'"{option}"' for option in options)


def terminal() -> dict[str, str]:
    """Returns what the driver has to know of the terminal, which it sees through spark-submit only."""
    if not sys.stdout.isatty():
        return {}
    return {"TTY_COMPATIBLE": "1", "TTY_INTERACTIVE": "1", "COLUMNS": str(shutil.get_terminal_size().columns)}


def spark_home() -> Path:
    """Returns Spark's folder: SPARK_HOME, or else the installed package pyspark.

    Raises:
        LaunchError: there is neither.
    """
    if home := os.environ.get("SPARK_HOME"):
        return Path(home)
    package = find_spec("pyspark")
    if package is None or not package.submodule_search_locations:
        raise LaunchError("There is no Spark.", "Set SPARK_HOME, or install the package pyspark.")
    return Path(package.submodule_search_locations[0])


def executors(profile: Profile) -> dict[str, str]:
    """One task slot on each executor; nothing starts before all of them are there, and none leaves."""
    return {
        "spark.executor.memory": f"{profile.executor_memory_mb}m",
        "spark.driver.memory": f"{profile.driver_memory_mb}m",
        "spark.executor.cores": str(profile.cores),
        "spark.task.cpus": str(profile.cores),
        **FIXED,
    }


def _check_place(passed_on: Sequence[str]) -> None:
    """Refuses a place from the user's arguments: the other properties are made for the profile's."""
    given = spark_arguments.properties(passed_on, on_yarn=True)
    for key, name in PLACE.items():
        if key in given:
            raise SettingsError(
                f"{name} comes from the profile: more than that depends on it. Received after --: {key}={given[key]}.",
                f"Set {name} in a profile of your own, and give its path to --profile.",
            )

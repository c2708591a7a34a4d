"""A launch as a value: the spark-submit command of a run, to be printed or to be run."""

import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from cluster import spark_arguments
from cluster.errors import ProfileError
from cluster.hdfs import Folder
from cluster.profile import PLACE, Profile
from cluster.staging import Needed

_HERE = Path(__file__).parent
LOGGING = _HERE / "log4j2.properties"
"""Errors only: the driver's own output is the progress of the run."""
_FILE_LOGGING = _HERE / "log4j2-file.properties"
"""For a driver on this machine, whose log has a place in the run's folder."""
_CLIENT_LOGGING = _HERE / "log4j2-client.properties"
"""What YARN's client tells of an application: `cluster.follow` reads its id and state there."""
_DISCOVERY = _HERE / "discover_gpus.sh"

_RUN_FILE = "run.toml"
"""The run file's name in the driver's container."""
_HADOOP_CONF = "__spark_conf__/__hadoop_conf__"
"""Where Spark puts the gateway's HADOOP_CONF_DIR, in every container's working directory."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """What is to be run, wherever that is."""

    name: str
    """The name in YARN's lists."""
    script: Path
    """The driver's script."""
    run_file: Path
    changes: Sequence[str] = ()
    """What the user changes in the run file, section.key=value each."""
    out: str
    """The run's folder."""
    passed_on: Sequence[str] = ()
    """spark-submit arguments from the user; they come last, so they win over the properties."""

    def arguments(self, run_file: str) -> list[str]:
        """Returns the script's arguments, with the run file where the driver has it."""
        changes = [part for change in self.changes for part in ("--set", change)]
        return ["--config", run_file, *changes, "--out", self.out]


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


def local(profile: Profile, run: Run, logs: Path) -> SparkSubmit:
    """Returns the command for executors on this machine, each a process of its own.

    Args:
        profile: how many, how large.
        run: what to run.
        logs: the folder of the driver's log.

    Raises:
        ProfileError: there is no Spark, or the user's arguments say where to run.
    """
    log = logs.absolute() / "driver.log"
    java = (f"-Dlog4j2.configurationFile={_FILE_LOGGING.as_uri()}", f"-Dtextcnn.driver.log={log}")
    memory = profile.executor_memory_mb
    properties = {
        "spark.master": f"local-cluster[{profile.workers},{profile.cores},{memory}]",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.extraJavaOptions": " ".join(f'"{option}"' for option in java),
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": str(2 * profile.workers),
        **_executors(profile),
        **profile.spark,
    }
    environment = {
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_DRIVER_PYTHON": sys.executable,
        "SPARK_LOCAL_IP": "127.0.0.1",
        "TF_CPP_MIN_LOG_LEVEL": "2",
    }
    return _submit(properties, run, run.arguments(str(run.run_file)), environment)


def yarn(profile: Profile, run: Run, needed: Needed, staging: Folder) -> SparkSubmit:
    """Returns the command for executors on YARN.

    Args:
        profile: where to run.
        run: what to run.
        needed: what the nodes need.
        staging: where that lies on HDFS, or will lie before the command is run.

    Raises:
        ProfileError: it is not said which YARN, there is no Spark, or the user's arguments say where to run.
    """
    if not (os.environ.get("HADOOP_CONF_DIR") or os.environ.get("YARN_CONF_DIR")):
        raise ProfileError(
            "HADOOP_CONF_DIR is not set: set it to the folder of core-site.xml, hdfs-site.xml and yarn-site.xml of the "
            "Hadoop to run on. `textcnn hadoop up` starts one on this machine and prints its folder."
        )
    in_cluster = profile.deploy_mode == "cluster"
    properties = {
        "spark.master": "yarn",
        "spark.submit.deployMode": profile.deploy_mode,
        "spark.app.name": run.name,
        "spark.executor.instances": str(profile.workers),
        "spark.executor.memoryOverhead": f"{profile.memory_overhead_mb}m",
        "spark.scheduler.maxRegisteredResourcesWaitingTime": f"{profile.start_timeout_s}s",
        "spark.yarn.maxAppAttempts": "1",
        "spark.yarn.submit.waitAppCompletion": "true",
        "spark.yarn.archive": str(staging / needed.jars.name),
        "spark.yarn.dist.pyFiles": str(staging / needed.packages.name),
        "spark.executorEnv.HADOOP_CONF_DIR": _HADOOP_CONF,
        "spark.executorEnv.TF_CPP_MIN_LOG_LEVEL": "2",
        **_executors(profile),
        **_python(profile, needed, staging),
        **_gpus(profile),
        **_files(profile, run),
        **_place(profile),
        **(_driver_in_a_container(profile) if in_cluster else _driver_here()),
        **profile.spark,
    }
    archives = ",".join(str(staging / content.name) for content in needed.pyspark)
    environment = {"PYSPARK_ARCHIVES_PATH": archives, "SPARK_SUBMIT_OPTS": _log_as(_CLIENT_LOGGING)}
    arguments = run.arguments(_RUN_FILE if in_cluster else str(run.run_file))
    return _submit(properties, run, arguments, environment)


def spark_home() -> Path:
    """Returns Spark's folder: SPARK_HOME, or else the installed package pyspark.

    Raises:
        ProfileError: there is neither.
    """
    if home := os.environ.get("SPARK_HOME"):
        return Path(home)
    package = find_spec("pyspark")
    if package is None or not package.submodule_search_locations:
        raise ProfileError("There is no Spark.", "Set SPARK_HOME, or install the package pyspark.")
    return Path(package.submodule_search_locations[0])


def _executors(profile: Profile) -> dict[str, str]:
    """One task slot on each executor; nothing starts before all of them are there, and none leaves."""
    return {
        "spark.executor.memory": f"{profile.executor_memory_mb}m",
        "spark.driver.memory": f"{profile.driver_memory_mb}m",
        "spark.executor.cores": str(profile.cores),
        "spark.task.cpus": str(profile.cores),
        "spark.dynamicAllocation.enabled": "false",
        "spark.scheduler.minRegisteredResourcesRatio": "1.0",
    }


def _python(profile: Profile, needed: Needed, staging: Folder) -> dict[str, str]:
    """The Python of the containers."""
    if needed.environment is None:
        return {"spark.pyspark.python": profile.python}
    uri = needed.environment if isinstance(needed.environment, str) else staging / needed.environment.name
    return {
        "spark.yarn.dist.archives": f"{uri}#environment",
        "spark.pyspark.python": "./environment/bin/python",
    }


def _gpus(profile: Profile) -> dict[str, str]:
    """GPUs that YARN counts out and Spark gives to the one task of an executor."""
    if not profile.gpus:
        return {}
    return {
        "spark.executor.resource.gpu.amount": str(profile.gpus),
        "spark.task.resource.gpu.amount": str(profile.gpus),
        "spark.executor.resource.gpu.discoveryScript": f"./{_DISCOVERY.name}",
    }


def _files(profile: Profile, run: Run) -> dict[str, str]:
    """Small files that travel with the application."""
    files = []
    if profile.deploy_mode == "cluster":
        files.append(f"{run.run_file.absolute().as_uri()}#{_RUN_FILE}")
    if profile.gpus:
        files.append(_DISCOVERY.as_uri())
    return {"spark.yarn.dist.files": ",".join(files)} if files else {}


def _place(profile: Profile) -> dict[str, str]:
    """Queue, nodes and identity, as far as the profile says them."""
    places = {
        "spark.yarn.queue": profile.queue,
        "spark.yarn.executor.nodeLabelExpression": profile.node_label,
        "spark.yarn.tags": ",".join(profile.tags),
        "spark.kerberos.principal": profile.principal,
        "spark.kerberos.keytab": profile.keytab,
    }
    return {key: value for key, value in places.items() if value}


def _driver_in_a_container(profile: Profile) -> dict[str, str]:
    return {
        "spark.driver.memoryOverhead": f"{profile.driver_memory_overhead_mb}m",
        "spark.yarn.appMasterEnv.HADOOP_CONF_DIR": _HADOOP_CONF,
    }


def _driver_here() -> dict[str, str]:
    return {
        "spark.pyspark.driver.python": sys.executable,
        # A driver that is killed has published nothing, and one whose application is killed has nothing more to do.
        "spark.yarn.am.clientModeTreatDisconnectAsFailed": "true",
        "spark.yarn.am.clientModeExitOnError": "true",
    }


def _log_as(configuration: Path) -> str:
    return f"-Dlog4j2.configurationFile={configuration.as_uri()}"


def _submit(
    properties: Mapping[str, str], run: Run, arguments: Sequence[str], environment: Mapping[str, str]
) -> SparkSubmit:
    _check_place(run.passed_on)
    program = str(spark_home() / "bin" / "spark-submit")
    return SparkSubmit(program, properties, run.script, arguments, run.passed_on, environment)


def _check_place(passed_on: Sequence[str]) -> None:
    """Refuses a place from the user's arguments: the other properties are made for the profile's."""
    given = spark_arguments.properties(passed_on, on_yarn=True)
    for key, name in PLACE.items():
        if key in given:
            raise ProfileError(
                f"{name} comes from the profile: more than that depends on it. Received after --: {key}={given[key]}.",
                f"Set {name} in a profile of your own, and give its path to --profile.",
            )

"""The spark-submit command of a run on YARN."""

import os
import sys
from pathlib import Path

from cluster.errors import LaunchError
from cluster.spark_submit import LOGGING, Launch, SparkSubmit, executors, spark_submit
from cluster.yarn.artifacts import Artifacts
from run.profile import Profile
from storage import join

_CLIENT_LOGGING = LOGGING.with_name("log4j2-client.properties")
"""What YARN's client tells of an application: `cluster.yarn.follow` reads its id and state there."""
_DISCOVERY = LOGGING.with_name("discover_gpus.sh")

_RUN_FILE = "run.toml"
"""The run file's name in the driver's container."""
_HADOOP_CONF = "__spark_conf__/__hadoop_conf__"
"""Where Spark puts the gateway's HADOOP_CONF_DIR, in every container's working directory."""


def command(profile: Profile, launch: Launch, artifacts: Artifacts, staging: str) -> SparkSubmit:
    """Returns the command for executors on YARN.

    Args:
        profile: where to run.
        launch: what to run.
        artifacts: what the nodes need.
        staging: the URI of the folder that they lie in, or will lie in before the command is run.

    Raises:
        LaunchError: it is not said which YARN, or there is no Spark.
        SettingsError: the user's arguments say where to run.
    """
    if not (os.environ.get("HADOOP_CONF_DIR") or os.environ.get("YARN_CONF_DIR")):
        raise LaunchError(
            "HADOOP_CONF_DIR is not set: set it to the folder of core-site.xml, hdfs-site.xml and yarn-site.xml of the "
            "Hadoop to run on. `textcnn hadoop up` starts one on this machine and prints its folder."
        )
    in_cluster = profile.deploy_mode == "cluster"
    properties = {
        "spark.master": "yarn",
        "spark.submit.deployMode": profile.deploy_mode,
        "spark.app.name": launch.name,
        "spark.executor.instances": str(profile.workers),
        "spark.executor.memoryOverhead": f"{profile.memory_overhead_mb}m",
        "spark.scheduler.maxRegisteredResourcesWaitingTime": f"{profile.start_timeout_s}s",
        "spark.yarn.maxAppAttempts": "1",
        "spark.yarn.submit.waitAppCompletion": "true",
        "spark.yarn.archive": join(staging, artifacts.jars.name),
        "spark.yarn.dist.pyFiles": join(staging, artifacts.packages.name),
        "spark.executorEnv.HADOOP_CONF_DIR": _HADOOP_CONF,
        "spark.executorEnv.TF_CPP_MIN_LOG_LEVEL": "2",
        **executors(profile),
        **_python(profile, artifacts, staging),
        **_gpus(profile),
        **_files(profile, launch),
        **_place(profile),
        **(_driver_in_a_container(profile) if in_cluster else _driver_here()),
        **profile.spark,
    }
    archives = ",".join(join(staging, content.name) for content in artifacts.pyspark)
    environment = {"PYSPARK_ARCHIVES_PATH": archives, "SPARK_SUBMIT_OPTS": _log_as(_CLIENT_LOGGING)}
    arguments = launch.arguments(_RUN_FILE if in_cluster else None)
    return spark_submit(properties, launch, arguments, environment)


def _python(profile: Profile, artifacts: Artifacts, staging: str) -> dict[str, str]:
    """The Python of the containers."""
    if artifacts.environment is None:
        return {"spark.pyspark.python": profile.python}
    uri = artifacts.environment if isinstance(artifacts.environment, str) else join(staging, artifacts.environment.name)
    return {
        "spark.yarn.dist.archives": f"{uri}#environment",
        "spark.pyspark.python": "./environment/bin/python",
    }


def _gpus(profile: Profile) -> dict[str, str]:
    """GPUs that YARN allocates and Spark gives to the one task of an executor."""
    if not profile.gpus:
        return {}
    return {
        "spark.executor.resource.gpu.amount": str(profile.gpus),
        "spark.task.resource.gpu.amount": str(profile.gpus),
        "spark.executor.resource.gpu.discoveryScript": f"./{_DISCOVERY.name}",
    }


def _files(profile: Profile, launch: Launch) -> dict[str, str]:
    """Small files that travel with the application."""
    files = []
    if launch.run_file is not None and profile.deploy_mode == "cluster":
        files.append(f"{launch.run_file.absolute().as_uri()}#{_RUN_FILE}")
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

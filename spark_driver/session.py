"""The Spark session of a run, and what it has to be for TensorFlow workers."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pyspark.sql import SparkSession

from spark_driver import yarn
from spark_driver.errors import ClusterStartError, SettingsError

REQUIRED = {
    "spark.dynamicAllocation.enabled": "false",
    "spark.python.worker.reuse": "true",
    "spark.speculation": "false",
}
"""A worker stays on its executor, and so must the executor; the worker's process is a child of Spark's Python."""


@dataclass(frozen=True)
class Executors:
    """The executors of a session: one task slot and one worker each."""

    number: int
    cores: int


@contextmanager
def session(name: str) -> Iterator[SparkSession]:
    """Spark with the properties that spark-submit was given, and those that the workers need.

    What fails inside fails for YARN too.
    """
    builder = SparkSession.builder.appName(name)
    for key, value in REQUIRED.items():
        builder = builder.config(key, value)
    with builder.getOrCreate() as spark:
        try:
            yield spark
        except BaseException:
            yarn.fail_from_gateway(spark.sparkContext)
            raise


def executors(spark: SparkSession) -> Executors:
    """Returns how many executors were asked for, of how many cores.

    Raises:
        SettingsError: there is no such number, or an executor has other than one task slot.
    """
    conf = spark.sparkContext.getConf()
    master = conf.get("spark.master", "") or ""
    local = re.fullmatch(r"local-cluster\[\s*(\d+)\s*,\s*(\d+)\s*,\s*\d+\s*\]", master)
    if local:
        number, cores = int(local[1]), int(local[2])
    elif master.startswith("local"):
        raise SettingsError(
            f"A TensorFlow worker needs an executor in a process of its own. Received: master {master!r}. "
            "On one machine use local-cluster[2,1,1024]: two executors, one core and 1,024 MiB each."
        )
    else:
        number, cores = (
            int(conf.get("spark.executor.instances", "0") or 0),
            int(conf.get("spark.executor.cores", "1") or 1),
        )
    if not number:
        raise SettingsError("Set spark.executor.instances: the number of TensorFlow workers.")
    slots = cores // int(conf.get("spark.task.cpus", "1") or 1)
    if slots != 1:
        raise SettingsError(
            f"An executor must have one task slot, so that it gets one worker. Received: {slots}, from "
            f"{cores} cores and spark.task.cpus={conf.get('spark.task.cpus', '1')}. Set spark.task.cpus={cores}."
        )
    return Executors(number, cores)


def check_registered(spark: SparkSession, wanted: int) -> None:
    """Makes sure that every executor is there before a worker is started on each.

    Raises:
        ClusterStartError: some are missing.
    """
    infos = spark.sparkContext._jsc.sc().statusTracker().getExecutorInfos()
    there = len(infos) - 1  # the driver is one of them
    if there < wanted:
        raise ClusterStartError(
            f"{wanted} executors were asked for, {there} are there. See Spark's log for why the others did not start; "
            "the cluster may have no room for them."
        )

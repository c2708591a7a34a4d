"""The executors of a run: how many were asked for, which are there, which are lost and why."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pyspark import SparkContext
from pyspark.sql import SparkSession

from spark_driver.errors import ClusterStartError, SettingsError


@dataclass(frozen=True)
class Executors:
    """The executors of a session: one task slot and one worker each."""

    number: int
    cores: int


def asked(spark: SparkSession) -> Executors:
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


def check_registered(context: SparkContext, wanted: int) -> None:
    """Makes sure that every executor is there before a worker is started on each.

    Raises:
        ClusterStartError: some are missing; with what Spark knows of those that it lost.
    """
    there = [executor for executor in _known(context) if executor.isActive()]
    if len(there) < wanted:
        raise ClusterStartError(
            f"{wanted} executors were asked for, {len(there)} are there"
            f"{''.join(f', {_name(executor)}' for executor in there)}. {lost(context)}"
            "See Spark's log for why the others did not start; the cluster may have no room for them."
        )


def lost(context: SparkContext) -> str:
    """Returns a sentence for each executor that is gone, with Spark's reason; nothing if none is."""
    gone = (executor for executor in _known(context) if not executor.isActive())
    return "".join(f"Lost {_name(executor)}: {_reason(executor)} " for executor in gone)


def of_tasks(context: SparkContext, group: str) -> dict[int, str]:
    """Returns which executor has, or had, each task of a group's last job, by partition."""
    tracker = context.statusTracker()
    jobs = [job for number in tracker.getJobIdsForGroup(group) if (job := tracker.getJobInfo(number))]
    store = context._jsc.sc().statusStore()
    names = {executor.id(): _name(executor) for executor in _known(context)}
    stages = [stage for job in jobs[-1:] for stage in job.stageIds]
    tasks = [task for stage in stages for task in _items(store.taskList(stage, 0, 1 << 30))]
    return {task.index(): names.get(task.executorId(), task.executorId()) for task in tasks}


def _known(context: SparkContext) -> list[Any]:
    """Returns every executor that has ever registered; the driver is not one."""
    executors = _items(context._jsc.sc().statusStore().executorList(False))
    return sorted((e for e in executors if e.id() != "driver"), key=lambda e: str(e.id()))


def _name(executor: Any) -> str:
    return f"executor {executor.id()} ({executor.hostPort()})"


def _reason(executor: Any) -> str:
    reason = executor.removeReason()
    return " ".join(str(reason.get()).split()) if reason.isDefined() else "Spark says no reason."


def _items(sequence: Any) -> Iterator[Any]:
    """The elements of a Scala sequence."""
    return (sequence.apply(number) for number in range(sequence.size()))

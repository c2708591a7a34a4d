"""The executors of a run: which are there, which are lost and why."""

from collections.abc import Iterator
from typing import Any

from pyspark import SparkContext

from spark_driver.errors import ClusterStartError


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


def gone(context: SparkContext) -> frozenset[str]:
    """Returns the names of the executors that are gone."""
    return frozenset(_name(executor) for executor in _known(context) if not executor.isActive())


def lost(context: SparkContext, before: frozenset[str] = frozenset()) -> str:
    """Returns a sentence for each executor that is gone, with Spark's reason, but for those that were gone before."""
    fresh = (e for e in _known(context) if not e.isActive() and _name(e) not in before)
    return "".join(f"Lost {_name(executor)}: {_reason(executor)} " for executor in fresh)


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

"""What YARN has: the queue, its nodes, the largest container. All that a launch's chances depend on, asked once."""

from dataclasses import dataclass
from typing import Any

from cluster.errors import YarnError
from cluster.yarn.client import connected
from run.resources import Resources

GPU = "yarn.io/gpu"
"""YARN's name of a GPU as a resource."""

PATIENCE = {
    "yarn.resourcemanager.connect.max-wait.ms": "4000",
    "yarn.resourcemanager.connect.retry-interval.ms": "2000",
    "ipc.client.connect.timeout": "3000",
    "ipc.client.connect.max.retries": "1",
    "ipc.client.connect.max.retries.on.timeouts": "0",
    "ipc.client.rpc-timeout.ms": "7000",
}
"""A ResourceManager that cannot be reached or is silent is given up within 30 s: Hadoop's client tries for minutes."""


@dataclass(frozen=True, kw_only=True)
class Queue:
    """A queue as YARN knows it."""

    state: str
    used: float
    """Share of its capacity; above 1 where it has borrowed from other queues."""
    free: Resources | None
    """What it may still get, if YARN's scheduler tells that; GPUs are not told."""


@dataclass(frozen=True, kw_only=True)
class Node:
    """A node that takes containers."""

    host: str
    labels: frozenset[str]
    whole: Resources
    free: Resources

    def takes(self, label: str | None) -> bool:
        """Whether executors that ask for a label, or for none, may run there."""
        return label is None or label in self.labels


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """What YARN has."""

    queue: Queue | None
    """None where there is no such queue."""
    queues: tuple[str, ...]
    """All that applications can be put in."""
    largest: Resources
    """The largest container that YARN grants."""
    nodes: tuple[Node, ...]
    counts_gpus: bool
    """The client here knows GPUs as a resource; otherwise it sees none."""


def ask(queue: str) -> Capacity:
    """Asks YARN.

    Raises:
        YarnError: it does not answer, or refuses to.
    """
    try:
        with connected(PATIENCE) as (jvm, client):
            return _capacity(jvm, client, queue)
    except YarnError as error:
        remedy = "See whether yarn-site.xml has the address of the right ResourceManager, and whether it runs."
        raise YarnError(f"{error.found}.", remedy) from error


def _capacity(jvm: Any, client: Any, queue: str) -> Capacity:
    counts_gpus = GPU in jvm.org.apache.hadoop.yarn.util.resource.ResourceUtils.getResourceTypes()
    running = jvm.org.apache.hadoop.yarn.api.records.NodeState.RUNNING
    states = jvm.java.lang.reflect.Array.newInstance(running.getClass(), 1)
    states[0] = running
    # An application's number is taken, as spark-submit does; nothing is started and no list shows it.
    largest = client.createApplication().getNewApplicationResponse().getMaximumResourceCapability()
    return Capacity(
        queue=_queue(client.getQueueInfo(queue)),
        queues=tuple(q.getQueueName() for q in client.getAllQueues() if not q.getChildQueues()),
        largest=_resources(largest, counts_gpus),
        nodes=tuple(_node(report, counts_gpus) for report in client.getNodeReports(states)),
        counts_gpus=counts_gpus,
    )


def _queue(info: Any) -> Queue | None:
    if info is None:
        return None
    statistics = info.getQueueStatistics()
    # The other schedulers do not keep these numbers.
    told = statistics is not None and info.getSchedulerType() == "CapacityScheduler"
    free = Resources(int(statistics.getAvailableMemoryMB()), int(statistics.getAvailableVCores())) if told else None
    return Queue(state=str(info.getQueueState().toString()), used=float(info.getCurrentCapacity()), free=free)


def _node(report: Any, counts_gpus: bool) -> Node:
    whole, used = report.getCapability(), report.getUsed()
    resources = _resources(whole, counts_gpus)
    return Node(
        host=str(report.getNodeId().getHost()),
        labels=frozenset(map(str, report.getNodeLabels() or ())),
        whole=resources,
        free=resources if used is None else resources - _resources(used, counts_gpus),
    )


def _resources(record: Any, counts_gpus: bool) -> Resources:
    gpus = int(record.getResourceValue(GPU)) if counts_gpus else 0
    return Resources(int(record.getMemorySize()), int(record.getVirtualCores()), gpus)

"""TensorFlowOnSpark: starts a TensorFlow worker on each executor, and reaches it from a task there.

The only file that knows it. What is used of it is its node: the worker's process, the manager with its queues, and
TF_CONFIG. What is not: its rendezvous, which unpickles what anybody sends it (Spark's own barrier brings the workers
together), its guess at GPUs (Spark knows them), its record-by-record feed, and its shutdown, which sets alarms,
exits the process and can end SUCCEEDED without a model. Names of its module TFSparkNode are replaced for that, as they
are in version 2.2.5; tests/spark_driver/test_tfos.py says when they are no longer there.
"""

import json
import logging
import os
import queue
import random
import shutil
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from types import ModuleType, SimpleNamespace
from typing import Any

from pyspark import BarrierTaskContext, SparkContext, TaskContext

from run.events import Event, Joined, Report, from_json, to_json
from trainer.assignment import Assignment
from trainer.place import Place
from trainer.reporting import reported
from trainer.scratch import temporary_files_in

# It imports TensorFlow for helpers that nothing here calls; that would cost the driver seconds, and an executor's
# Python must not have TensorFlow in it when the worker's process is forked from it.
sys.modules.setdefault("tensorflowonspark.compat", ModuleType("tensorflowonspark.compat"))
with warnings.catch_warnings():
    warnings.simplefilter("ignore", UserWarning)  # it imports the deprecated pkg_resources
    from tensorflowonspark import TFManager, TFSparkNode, util

# It switches logging on for the whole process, and logs every manager's key.
logging.getLogger().setLevel(logging.WARNING)
# It warns that a port has to be released; see `start`.
logging.getLogger(TFSparkNode.__name__).setLevel(logging.ERROR)

_BLOCKS = "blocks"
_EVENTS = "events"
_QUEUES = [_BLOCKS, _EVENTS, "error"]  # its wrapper around the worker's function insists on "error"
_END = b""
"""An empty value ends the blocks; a block has at least a header."""

Tell = Callable[[Event], None]
Work = Callable[[Place, Iterable[bytes], Report], object]
"""What a worker does with its blocks, in a process of its own."""


@dataclass(frozen=True)
class WorkerChannel:
    """A worker's queues, from a task on the same executor."""

    worker: int
    manager: Any

    def put(self, block: bytes) -> None:
        """Hands a block to the worker."""
        self.manager.get_queue(_BLOCKS).put(block)

    def end(self) -> None:
        """Tells the worker that it has all blocks."""
        self.put(_END)

    def event(self, timeout: float) -> Event | None:
        """Returns the worker's next event, or None if there is none within some seconds."""
        try:
            return from_json(self.manager.get_queue(_EVENTS).get(True, timeout))
        except queue.Empty:
            return None

    def close(self) -> None:
        """Removes the folder of the manager's socket: the worker has had its last word, and nobody else would do it."""
        shutil.rmtree(os.path.dirname(self.manager.address))


@dataclass(frozen=True)
class Node:
    """A worker's manager; only the tasks of the run learn its key."""

    worker: int
    address: str
    key: bytes = field(repr=False)


@dataclass(frozen=True)
class Workers:
    """TensorFlow workers that have found each other."""

    nodes: dict[int, Node]

    def channel(self) -> WorkerChannel:
        """Connects a task to the worker on its executor."""
        node = self.nodes[util.read_executor_id()]
        return WorkerChannel(node.worker, TFManager.connect(node.address, node.key))


def start(context: SparkContext, workers: int, cores: int, work: Work, driver: Callable[[], Tell]) -> Workers:
    """Starts a TensorFlow worker on each executor, all in one barrier stage: one that fails ends them all at once.

    Args:
        context: a context with `workers` executors, one task slot each.
        workers: how many.
        cores: of each executor.
        work: what they do.
        driver: connects a task to the driver, to tell it of a worker.

    Raises:
        Py4JJavaError: one of them did not start, or has not come within `spark.barrier.sync.timeout`.
    """
    cluster = {
        "id": random.getrandbits(64),
        # Without a chief there is no TF_CONFIG, and every worker would train a model of its own.
        "cluster_template": {"chief": [0], "worker": list(range(1, workers))},
        "default_fs": "",
        "working_dir": "",
        "server_addr": None,
        # The worker's process keeps the port that was reserved for it: nobody gets it while TensorFlow is imported.
        # gRPC's server binds it all the same, as both sockets have SO_REUSEADDR and only one of them listens.
        "release_port": False,
    }
    main = partial(_main, work, cores)

    def task(partition: Iterable[int]) -> Iterator[Node]:
        yield _start_node(main, cluster, driver(), partition)

    nodes = context.parallelize(range(workers), workers).barrier().mapPartitions(task).collect()
    return Workers({node.worker: node for node in nodes})


def _start_node(main: Callable[..., None], cluster: dict[str, Any], tell: Tell, partition: Iterable[int]) -> Node:
    """Starts the worker of this task's executor."""
    meeting = _Meeting(BarrierTaskContext.get(), tell)
    TFSparkNode.reservation = SimpleNamespace(Client=lambda _: meeting)
    TFSparkNode.gpu_info = SimpleNamespace(is_gpu_available=lambda: False)
    # The manager's socket is made here too, by a relative path: a socket's path has at most 107 characters.
    with temporary_files_in("."):
        TFSparkNode.run(main, {}, cluster, False, None, _QUEUES, True)(partition)
    return meeting.node


class _Meeting:
    """What TFSparkNode takes for the client of its rendezvous: the workers meet in the barrier of their own stage."""

    def __init__(self, context: BarrierTaskContext, tell: Tell):
        self._context = context
        self._tell = tell
        self._public: dict[str, Any] = {}

    def get_reservations(self) -> list[dict[str, Any]]:
        """It asks whether this task was tried before: a barrier stage is not tried again."""
        return []

    def register(self, reservation: dict[str, Any]) -> None:
        """It tells of this node; the others need no key to it, and reach it where Spark does."""
        worker = reservation["executor_id"]
        host = self._context.getTaskInfos()[self._context.partitionId()].address.rpartition(":")[0]
        self.node = Node(worker, reservation["addr"], reservation["authkey"])
        self._public = {key: reservation[key] for key in ("executor_id", "job_name", "task_index", "port")}
        self._public["host"] = host
        self._tell(Joined(worker, host, gpus()))

    def await_reservations(self) -> list[dict[str, Any]]:
        """It wants to know of all nodes."""
        return [json.loads(node) for node in self._context.allGather(json.dumps(self._public))]

    def close(self) -> None:
        """Nothing is open."""


def gpus() -> tuple[str, ...]:
    """Returns the GPUs that Spark gave to this task, as CUDA_VISIBLE_DEVICES takes them."""
    context = TaskContext.get()
    assert context is not None
    given = context.resources().get("gpu")
    return tuple(given.addresses) if given else ()


def training(assignment: Assignment) -> Work:
    """Returns the work of a worker that trains."""
    return partial(_train, assignment)


def _train(assignment: Assignment, place: Place, blocks: Iterable[bytes], report: Report) -> None:
    from trainer import worker  # brings TensorFlow

    worker.run(assignment, place, blocks, report)


def _main(work: Work, cores: int, _: Any, context: Any) -> None:
    """What the worker's process does."""
    place = Place(context.executor_id, context.num_workers, cores, gpus())
    os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(place.gpus)  # before TensorFlow looks; none are nobody's
    events = context.mgr.get_queue(_EVENTS)

    def report(event: Event) -> None:
        events.put(to_json(event))

    blocks = iter(context.mgr.get_queue(_BLOCKS).get, _END)
    reported(lambda: work(place, blocks, report), place.worker, report)

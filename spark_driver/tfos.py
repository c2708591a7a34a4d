"""TensorFlowOnSpark: starts a TensorFlow worker on each executor, and reaches it from a task there.

The only file that knows it. What is used of it is its node: the worker's process and TF_CONFIG. What is not: its
rendezvous, which unpickles what anybody sends it (ours meet at the driver), its guess at GPUs (Spark knows them),
its record-by-record feed through a manager's queues, and its shutdown, which sets alarms, exits the process and can end
SUCCEEDED without a model. Names of its module TFSparkNode are replaced for that, as they are in version 2.2.5;
tests/spark_driver/test_tfos.py says when they are no longer there.
"""

import logging
import os
import random
import secrets
import shutil
import socket
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import partial
from types import ModuleType, SimpleNamespace
from typing import Any

from pyspark import BarrierTaskContext, SparkContext, TaskContext

from run.events import Event, Joined, Report, from_json, to_json
from spark_driver.errors import ClusterStartError
from spark_driver.event_server import Address, Line
from trainer.assignment import Assignment
from trainer.channel import Channel
from trainer.importing import lean
from trainer.place import Place
from trainer.reporting import reported
from trainer.scratch import temporary_files_in

# It imports TensorFlow for helpers that nothing here calls; that would cost the driver seconds, and an executor's
# Python must not have TensorFlow in it when the worker's process is forked from it.
sys.modules.setdefault("tensorflowonspark.compat", ModuleType("tensorflowonspark.compat"))
with warnings.catch_warnings():
    warnings.simplefilter("ignore", UserWarning)  # it imports the deprecated pkg_resources
    from tensorflowonspark import TFSparkNode, util

# It switches logging on for the whole process, and logs every manager's key.
logging.getLogger().setLevel(logging.WARNING)
# It warns that a port has to be released; see `start`.
logging.getLogger(TFSparkNode.__name__).setLevel(logging.ERROR)

_BOUND = "spark.barrier.sync.timeout"
_QUEUES = ["error"]  # its wrapper around the worker's function insists on it
_SOCKET = "channel"
_END = b""
"""An empty message ends the blocks; a block has at least a header."""

Work = Callable[[Place, Iterable[bytes], Report], object]
"""What a worker does with its blocks, in a process of its own."""


@dataclass(frozen=True)
class Node:
    """Where a worker's process listens; only the tasks of the run learn its key."""

    worker: int
    folder: str
    """Of its sockets, on its executor."""
    key: bytes = field(repr=False)


class WorkerChannel:
    """The way to a worker's process, from a task on the same executor."""

    def __init__(self, node: Node):
        """Connects."""
        self.worker = node.worker
        self._folder = node.folder
        self._channel = Channel.to(os.path.join(node.folder, _SOCKET), node.key)

    @property
    def ended(self) -> bool:
        """Whether the worker has had its last word."""
        return self._channel.ended

    def put(self, block: bytes) -> None:
        """Hands a block to the worker."""
        with suppress(ConnectionError):  # whoever waits for its next event learns what has become of it
            self._channel.send(block)

    def end(self) -> None:
        """Tells the worker that it has all blocks."""
        self.put(_END)

    def event(self, timeout: float) -> Event | None:
        """Returns the worker's next event; None if there is none within some seconds, and at once after its last."""
        message = self._channel.receive(timeout)
        return None if message is None else from_json(message)

    def close(self) -> None:
        """Removes the folder of the sockets: the worker has had its last word, and nobody else would do it."""
        shutil.rmtree(self._folder)


@dataclass(frozen=True)
class Workers:
    """TensorFlow workers that have found each other."""

    nodes: dict[int, Node]

    def channel(self) -> WorkerChannel:
        """Connects a task to the worker on its executor."""
        return WorkerChannel(self.nodes[util.read_executor_id()])


def start(context: SparkContext, workers: int, cores: int, work: Work, driver: Address) -> Workers:
    """Starts a TensorFlow worker on each executor, all in one barrier stage: one that fails ends them all at once.

    They meet at the driver: a barrier of Spark's own looks once a second whether all have come.

    Args:
        context: a context with `workers` executors, one task slot each.
        workers: how many.
        cores: of each executor.
        work: what they do.
        driver: where it listens for as many workers.

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
    seconds = context._jsc.sc().conf().getTimeAsSeconds(_BOUND, "60s")

    def task(partition: Iterable[int]) -> Iterator[Node]:
        yield _start_node(work, cores, cluster, _Meeting(driver.connect(), seconds), partition)

    nodes = context.parallelize(range(workers), workers).barrier().mapPartitions(task).collect()
    return Workers({node.worker: node for node in nodes})


def _start_node(work: Work, cores: int, cluster: dict[str, Any], meeting: "_Meeting", partition: Iterable[int]) -> Node:
    """Starts the worker of this task's executor."""
    TFSparkNode.reservation = SimpleNamespace(Client=lambda _: meeting)
    TFSparkNode.gpu_info = SimpleNamespace(is_gpu_available=lambda: False)
    # The manager's socket is made here too, by a relative path: a socket's path has at most 107 characters.
    with temporary_files_in("."), meeting.listener:
        TFSparkNode.run(partial(_main, work, cores, meeting), {}, cluster, False, None, _QUEUES, True)(partition)
    return meeting.node


class _Meeting:
    """What TFSparkNode takes for the client of its rendezvous: the workers meet at the driver."""

    node: Node

    def __init__(self, driver: Line, seconds: int):
        """Takes the way to the driver, and how long to wait for the others."""
        self.listener = socket.socket(socket.AF_UNIX)
        self._driver = driver
        self._seconds = seconds

    def get_reservations(self) -> list[dict[str, Any]]:
        """It asks whether this task was tried before: a barrier stage is not tried again."""
        return []

    def register(self, reservation: dict[str, Any]) -> None:
        """It tells of this node; the others need no key to it, and reach it where Spark does."""
        worker = reservation["executor_id"]
        context = BarrierTaskContext.get()
        host = context.getTaskInfos()[context.partitionId()].address.rpartition(":")[0]
        # Its manager has a folder that nobody else of this machine may enter.
        self.node = Node(worker, os.path.dirname(reservation["addr"]), secrets.token_bytes(32))
        self.listener.bind(os.path.join(self.node.folder, _SOCKET))
        self.listener.listen()
        self._driver.tell(Joined(worker, host, gpus(), reservation["port"]))

    def await_reservations(self) -> list[dict[str, Any]]:
        """It wants to know of all nodes.

        Raises:
            ClusterStartError: they have not all come in time.
        """
        joined = self._driver.all_joined(self._seconds)
        if joined is None:
            raise ClusterStartError(f"The others have not come within the {self._seconds} s of {_BOUND}.")
        return list(map(_reservation, joined))

    def close(self) -> None:
        """Nothing is open."""


def _reservation(of: Joined) -> dict[str, Any]:
    """A node as its cluster's template has it, in the form of TFSparkNode's."""
    job, index = ("worker", of.worker - 1) if of.worker else ("chief", 0)
    return {"executor_id": of.worker, "job_name": job, "task_index": index, "host": of.host, "port": of.port}


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
    with lean():
        from trainer import worker  # brings TensorFlow

    worker.run(assignment, place, blocks, report)


def _main(work: Work, cores: int, meeting: _Meeting, _: Any, context: Any) -> None:
    """What the worker's process does."""
    place = Place(context.executor_id, context.num_workers, cores, gpus())
    os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(place.gpus)  # before TensorFlow looks; none are nobody's
    with closing(Channel.at(meeting.listener, meeting.node.key)) as channel:

        def report(event: Event) -> None:
            channel.send(to_json(event))

        reported(lambda: work(place, _fed(channel), report), place.worker, report)


def _fed(channel: Channel) -> Iterator[bytes]:
    """The blocks that a worker is fed."""
    while block := channel.receive():
        yield block
    if channel.ended:
        raise ConnectionError("the task that feeds this worker has ended before its last block")

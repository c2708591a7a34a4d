"""TensorFlowOnSpark: starts a TensorFlow worker on each executor, and reaches it from a task there.

The only file that knows it. What is used of it: the rendezvous, TF_CONFIG, the worker's process and the manager
with its queues. What is not: its record-by-record feed, and its shutdown, which sets alarms, exits the process
and can end SUCCEEDED without a model.
"""

import logging
import queue
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import Any

from pyspark import SparkContext

from spark_driver.errors import ClusterStartError
from trainer.assignment import Assignment
from trainer.events import Event, from_json, to_json
from trainer.place import Place

# It imports TensorFlow for helpers that nothing here calls; that would cost the driver seconds, and an executor's
# Python must not have TensorFlow in it when the worker's process is forked from it.
sys.modules.setdefault("tensorflowonspark.compat", ModuleType("tensorflowonspark.compat"))
with warnings.catch_warnings():
    warnings.simplefilter("ignore", UserWarning)  # it imports the deprecated pkg_resources
    from tensorflowonspark import TFCluster, TFSparkNode, util

# It switches logging on for the whole process, and logs every manager's key.
logging.getLogger().setLevel(logging.WARNING)

RESERVATION_SECONDS = 60

_BLOCKS = "blocks"
_EVENTS = "events"
_QUEUES = [_BLOCKS, _EVENTS, "error"]  # its wrapper around the worker's function insists on "error"
_END = b""
"""An empty value ends the blocks; a block has at least a header."""


@dataclass(frozen=True)
class WorkerChannel:
    """A worker's queues, from a task on the same executor."""

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


@dataclass(frozen=True)
class Workers:
    """TensorFlow workers that have found each other."""

    nodes: list[dict[str, Any]]
    server: Any

    def channel(self) -> Callable[[], WorkerChannel]:
        """Returns a function that connects a task to the worker on its executor."""
        nodes = self.nodes

        def connect() -> WorkerChannel:
            return WorkerChannel(TFSparkNode._get_manager(nodes, util.get_ip_address(), util.read_executor_id()))

        return connect

    def stop(self) -> None:
        """Ends the rendezvous; the workers end by themselves."""
        self.server.stop()


def start(context: SparkContext, workers: int, cores: int, assignment: Assignment) -> Workers:
    """Starts a TensorFlow worker on each executor.

    Args:
        context: a context with `workers` executors, one task slot each.
        workers: how many.
        cores: of each executor.
        assignment: what they do.

    Raises:
        ClusterStartError: not all of them registered in time.
    """
    try:
        cluster = TFCluster.run(
            context,
            partial(_main, assignment, cores),
            {},
            num_executors=workers,
            num_ps=0,
            input_mode=TFCluster.InputMode.SPARK,
            master_node="chief",  # without it there is no TF_CONFIG, and every worker trains a model of its own
            reservation_timeout=RESERVATION_SECONDS,
            queues=_QUEUES,
        )
    except (Exception, SystemExit) as error:  # it raises Exception and exits the process
        raise ClusterStartError(
            f"Not all {workers} TensorFlow workers have started within {RESERVATION_SECONDS} s: "
            f"{TFCluster.tf_status.pop('error', error)}"
        ) from error
    return Workers(cluster.cluster_info, cluster.server)


def _main(assignment: Assignment, cores: int, _: Any, context: Any) -> None:
    """What the worker's process does."""
    from trainer import worker  # brings TensorFlow

    place = Place(context.executor_id, context.num_workers, cores)
    events = context.mgr.get_queue(_EVENTS)

    def report(event: Event) -> None:
        events.put(to_json(event))

    blocks = iter(context.mgr.get_queue(_BLOCKS).get, _END)
    worker.reported(lambda: worker.run(assignment, place, blocks, report), place.worker, report)

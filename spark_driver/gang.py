"""The workers of a run: started together, fed and watched, and all started again when one of them is lost."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from py4j.protocol import Py4JJavaError
from pyspark import RDD

import storage
from run.events import EpochDone, Event, Restarted
from run.resources import ResourceRequest
from spark_driver import executors, tfos
from spark_driver.errors import USER_ERRORS, ClusterStartError, InterruptError, WorkerError, cause
from spark_driver.event_server import Address, EventServer
from spark_driver.feed import Supervisor
from spark_driver.monitor import Monitor
from trainer.assignment import Assignment

START = "start"
"""Spark's job group of the tasks that start the workers."""
TRAIN = "train"
"""That of the tasks that feed and watch them."""
POLL_SECONDS = 0.5
LAST_CHECKPOINT_SECONDS = 10.0
"""How long a run that a signal ends waits for its last checkpoint."""


@dataclass(frozen=True)
class Gang:
    """Workers that live and die together: a step needs all of them."""

    request: ResourceRequest
    assignment: Assignment
    blocks: RDD[bytes]
    """A partition for each worker."""
    tell: Callable[[Event], None]
    """Shows and records an event."""
    stage: Callable[[str], None]
    """Shows what begins."""
    fed: Callable[[], object]
    """Called when all workers have been fed."""
    epochs: Sequence[EpochDone] = ()
    """What an earlier run has trained, whose checkpoints the workers find."""

    def train(self) -> Monitor:
        """Has the workers train and publish a model; returns what they told.

        When one of them is lost, hangs or fails, all are started again, `train.max_restarts` times at most, and go on
        from their last checkpoint.

        Raises:
            ClusterStartError: a worker did not start.
            WorkerError: a worker failed with what would come again, or once too often; with the first cause.
        """
        restarts, failures = self.assignment.config.train.max_restarts, list[str]()
        monitor = Monitor(self.request.executors, self.tell, self.fed, epochs=self.epochs)
        while True:
            try:
                with taken_back_on_error(monitor):
                    self._attempt(monitor)
                return monitor
            except (ClusterStartError, WorkerError) as error:
                failures.append(str(error))
                if len(failures) > restarts or _would_come_again(error, monitor):
                    raise type(error)(told(failures)) from error
                self.tell(Restarted(len(failures), restarts, failures[-1].splitlines()[0]))
            monitor = Monitor(self.request.executors, self.tell, self.fed, before=monitor)

    def _attempt(self, monitor: Monitor) -> None:
        context = self.blocks.context
        lost_before = executors.gone(context)
        with EventServer.of_driver(context.getConf(), monitor.handle, self.request.executors) as events:
            self.stage(f"starting {self.request.executors} TensorFlow workers")
            try:
                workers = self._started(events.address, monitor, lost_before)
                self.stage("feeding and training")
                monitor.feeding()
                self._feed_and_watch(workers, events.address, monitor, lost_before)
            except (ClusterStartError, WorkerError) as error:
                # What could not be recorded here broke the connections of the workers: that is the cause.
                raise events.failure or error from error
            except (Exception, KeyboardInterrupt) as error:
                # Of an interrupt, Py4J may raise what it stumbles over when it closes its connections.
                if isinstance(cause(error), InterruptError):
                    self._checkpoint(events, monitor)
                raise

    def _checkpoint(self, events: EventServer, monitor: Monitor) -> None:
        """Has the workers, which do not know of the signal, write a checkpoint before they are ended."""
        if monitor.training:
            self.stage("writing a checkpoint before the end")
            monitor.checkpointed.clear()
            events.ask_for_checkpoint()
            end = time.monotonic() + LAST_CHECKPOINT_SECONDS
            # The signal may have ended Spark and its executors too: then nobody is left who would write one.
            while events.connected and time.monotonic() < end and not monitor.checkpointed.wait(POLL_SECONDS):
                pass

    def _started(self, driver: Address, monitor: Monitor, lost_before: frozenset[str]) -> tfos.Workers:
        """Starts a worker on each executor.

        Raises:
            ClusterStartError: one is missing; with its executor, and with Spark's reason.
        """
        context, number = self.blocks.context, self.request.executors
        context.setJobGroup(START, "starting TensorFlow workers")
        try:
            work = tfos.training(self.assignment)
            return tfos.start(context, number, self.request.cores, work, driver)
        except Py4JJavaError as error:
            where = executors.of_tasks(context, START)
            missing = [
                f"worker {worker} on {where.get(worker, 'no executor')}"
                for worker in range(number)
                if worker not in monitor.joined
            ]
            raise ClusterStartError(
                f"{len(monitor.joined)} of {number} TensorFlow workers have come together. "
                f"Missing: {', '.join(missing) or 'none'}. {executors.lost(context, lost_before)}"
                f"{error.java_exception.getMessage()}"
            ) from error

    def _feed_and_watch(
        self, workers: tfos.Workers, driver: Address, monitor: Monitor, lost_before: frozenset[str]
    ) -> None:
        """Runs a barrier stage: each task feeds the worker on its executor and stays until that worker is done.

        Raises:
            WorkerError: a worker failed; with its own traceback.
        """
        stall_seconds = self.assignment.config.train.stall_seconds

        def task(partition: Iterable[bytes]) -> Iterator[None]:
            supervisor = Supervisor(workers.channel(), driver.connect(), stall_seconds)
            supervisor.feed(partition)
            supervisor.watch()
            return iter(())

        context = self.blocks.context
        context.setJobGroup(TRAIN, "feeding and training")
        try:
            self.blocks.barrier().mapPartitions(task).collect()
        except Py4JJavaError as error:
            failed = monitor.cause
            said = (
                f"worker {failed.worker} failed: {failed.error}\n{failed.traceback}"
                if failed
                else error.java_exception.getMessage()
            )
            raise WorkerError(f"{executors.lost(context, lost_before)}{said}") from error


def _would_come_again(error: ClusterStartError | WorkerError, monitor: Monitor) -> bool:
    failed = monitor.cause
    return isinstance(cause(error), USER_ERRORS) or (failed is not None and failed.permanent)


def told(failures: list[str]) -> str:
    """Returns what to say of a run that has failed for the last time: the first cause, and how it went on."""
    if len(failures) == 1:
        return failures[0]
    times = "once" if len(failures) == 2 else f"{len(failures) - 1} times"
    return f"{failures[0]}\nThe workers were started again {times}, and at last: {failures[-1].splitlines()[0]}"


@contextmanager
def taken_back_on_error(monitor: Monitor) -> Iterator[None]:
    """Removes a model that was published in a run that fails after all: who serves models shall not find it."""
    try:
        yield
    except BaseException:
        if monitor.published:
            with storage.removed_on_error(monitor.published.model):
                raise
        raise

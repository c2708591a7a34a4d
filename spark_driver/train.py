"""The whole job: read, prepare, start the workers, feed and watch them, record what came of it.

    spark-submit … spark_driver/train.py --config RUN.toml [--set section.key=value …] --out URI

Exit status: 0, a model was published; 2, the configuration or the data cannot be used; 1, anything else.
"""

import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from py4j.protocol import Py4JJavaError
from pyspark import RDD, SparkContext

import storage
from run import resources
from run.config import RunConfig, TrainConfig
from run.errors import SettingsError
from run.resources import ResourceRequest
from run.result import Result
from run.terminal import Terminal
from spark_driver import corpus, executors, job, outcome, tfos
from spark_driver.errors import ClusterStartError, LostRowsError, WorkerError
from spark_driver.event_server import Address, EventServer
from spark_driver.feed import Supervisor
from spark_driver.monitor import Monitor
from spark_driver.preparing import prepare
from spark_driver.run_folder import RunFolder
from spark_driver.session import session
from trainer.assignment import Assignment

START = "start"
"""Spark's job group of the tasks that start the workers."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the job and returns its exit status."""
    options = job.run_file_parser("train.py", __doc__).parse_args(arguments)
    return job.run(options, job.configured(options, train))


def train(config: RunConfig, folder: RunFolder, result: Result, terminal: Terminal) -> None:
    """Trains and publishes a model; `result` fills up on the way, so that it tells how far a failed run came."""
    with session(config.name) as spark:
        request = resources.for_workers(dict(spark.sparkContext.getConf().getAll()))
        check_batch(config.train, request)
        terminal.stage("reading and preparing the documents")
        prepared = prepare(spark, config, folder, result)
        blocks = corpus.blocks(prepared.documents, prepared.language, request.executors)

        terminal.stage(f"starting {request.executors} TensorFlow workers")
        executors.check_registered(spark.sparkContext, request.executors)
        monitor = Monitor(request.executors, terminal.show, folder.record, fed=prepared.release)
        assignment = Assignment(
            config, prepared.language, prepared.golden, prepared.counts.documents, folder.checkpoints, folder.models
        )
        with (
            taken_back_on_error(monitor, result),
            EventServer.of_driver(spark.sparkContext.getConf(), monitor.handle) as events,
        ):
            workers = start_workers(spark.sparkContext, request, assignment, events.address, monitor)
            terminal.stage("feeding and training")
            begun = time.monotonic()
            try:
                feed_and_watch(blocks, workers, events.address, monitor)
            except WorkerError as error:
                # What could not be recorded here broke the connections of the workers: that is the cause.
                raise events.failure or error from error
            result.seconds.feed = monitor.fed_at - begun if monitor.fed_at else None
            outcome.trained(result, monitor)
            if lost := result.rows.lost():
                raise LostRowsError(lost)
        terminal.outcome(result, prepared.language.labels)


@contextmanager
def taken_back_on_error(monitor: Monitor, result: Result) -> Iterator[None]:
    """Removes a model that was published in a run that fails after all: who serves models shall not find it."""
    try:
        yield
    except BaseException:
        if monitor.published:
            result.model = None
            with storage.removed_on_error(monitor.published.model):
                raise
        raise


def check_batch(train: TrainConfig, request: ResourceRequest) -> None:
    """Makes sure that every worker has a document in each full batch.

    Raises:
        SettingsError: there are more workers than documents in a batch.
    """
    if train.batch_size is not None and train.batch_size < request.executors:
        raise SettingsError(
            f"A batch has at least one document for each worker. Received: train.batch_size={train.batch_size} and "
            f"{request.executors} workers.",
            f"Set train.batch_size to {request.executors} or more.",
        )


def start_workers(
    context: SparkContext, request: ResourceRequest, assignment: Assignment, driver: Address, monitor: Monitor
) -> tfos.Workers:
    """Starts a worker on each executor.

    Raises:
        ClusterStartError: one is missing; with its executor, and with Spark's reason.
    """
    context.setJobGroup(START, "starting TensorFlow workers")
    try:
        return tfos.start(context, request.executors, request.cores, assignment, driver.connect)
    except Py4JJavaError as error:
        where = executors.of_tasks(context, START)
        missing = [
            f"worker {worker} on {where.get(worker, 'no executor')}"
            for worker in range(request.executors)
            if worker not in monitor.joined
        ]
        raise ClusterStartError(
            f"{len(monitor.joined)} of {request.executors} TensorFlow workers have come together. "
            f"Missing: {', '.join(missing) or 'none'}. {executors.lost(context)}{error.java_exception.getMessage()}"
        ) from error


def feed_and_watch(blocks: RDD[bytes], workers: tfos.Workers, driver: Address, monitor: Monitor) -> None:
    """Runs a barrier stage: each task feeds the worker on its executor and stays until that worker is done.

    Raises:
        WorkerError: a worker failed; with its own traceback.
    """

    def task(partition: Iterable[bytes]) -> Iterator[None]:
        supervisor = Supervisor(workers.channel(), driver.connect())
        supervisor.feed(partition)
        supervisor.watch()
        return iter(())

    blocks.context.setJobGroup("train", "feeding and training")
    try:
        blocks.barrier().mapPartitions(task).collect()
    except Py4JJavaError as error:
        cause = monitor.cause
        said = (
            f"worker {cause.worker} failed: {cause.error}\n{cause.traceback}"
            if cause
            else error.java_exception.getMessage()
        )
        raise WorkerError(f"{executors.lost(blocks.context)}{said}") from error


if __name__ == "__main__":
    sys.exit(main())

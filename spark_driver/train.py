"""The whole job: read, prepare, start the workers, feed and watch them, record what came of it.

    spark-submit … spark_driver/train.py --config RUN.toml [--set section.key=value …] --out URI

Exit status: 0, a model was published; 2, the configuration or the data cannot be used; 1, anything else.
"""

import argparse
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from py4j.protocol import Py4JJavaError
from pyspark import RDD, SparkContext, StorageLevel
from rich.console import Console

from run import resources, settings, signals
from run.config import DataConfig, RunConfig, TrainConfig
from run.errors import SettingsError
from run.folder import CONFIG, LABELS
from run.folder import vocabulary as vocabulary_file
from run.resources import ResourceRequest
from run.result import Result
from run.terminal import Terminal
from spark_driver import application_master, corpus, documents, executors, outcome, tfos
from spark_driver.errors import ClusterStartError, LostRowsError, WorkerError, cause, described, exit_status
from spark_driver.event_server import Address, EventServer
from spark_driver.feed import Supervisor
from spark_driver.monitor import Monitor
from spark_driver.run_folder import RunFolder
from spark_driver.session import session
from spark_driver.word_lists import segmenter
from storage import StorageError
from text.errors import DataError
from text.language import Language
from trainer.assignment import Assignment

START = "start"
"""Spark's job group of the tasks that start the workers."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the job and returns its exit status."""
    options = _options(arguments)
    folder, result, begun = RunFolder(options.out), Result(), time.monotonic()
    with Terminal(Console(stderr=True)) as terminal:
        try:
            with signals.raised():
                folder.create()
                config = settings.read(RunConfig, options.config, options.set)
                folder.write_json(CONFIG, settings.to_json(config))
                train(config, folder, result, terminal)
            result.status = "succeeded"
        except (Exception, KeyboardInterrupt) as raised:  # noqa: BLE001 - the end of the program: its status tells it
            error = cause(raised)
            result.error = described(error)
            terminal.fail(result.error)
            status = exit_status(error)
        else:
            status = 0
        result.exit_status = status
        result.seconds.total = time.monotonic() - begun
        if folder.created:
            record(folder, result, terminal)
    if result.error is not None:
        application_master.fail_from_container(status, result.error)
    return status


def record(folder: RunFolder, result: Result, terminal: Terminal) -> None:
    """Writes result and report. If they cannot be written, the terminal says so: the exit status is the model's."""
    try:
        folder.write_result(result)
    except StorageError as error:
        terminal.fail(f"The run's records are not complete: {error}")


def train(config: RunConfig, folder: RunFolder, result: Result, terminal: Terminal) -> None:
    """Trains and publishes a model; `result` fills up on the way, so that it tells how far a failed run came."""
    with session(config.name) as spark:
        request = resources.for_workers(dict(spark.sparkContext.getConf().getAll()))
        check_batch(config.train, request)
        terminal.stage("reading and preparing the documents")
        begun = time.monotonic()
        segment = segmenter(spark, config.text)
        rows = documents.prepared(spark, config.data, config.text, segment).persist(StorageLevel.MEMORY_AND_DISK)
        counts = corpus.count(rows)
        outcome.counted(result, counts)
        folder.quarantine(corpus.quarantine(rows, counts).collect() if counts.rejected else ())
        check_usable(counts, config.data)
        usable = corpus.documents(rows, counts)
        language = Language(segment, corpus.vocabularies(usable, config.text), counts.labels)
        if not any(vocabulary.tokens for vocabulary in language.vocabularies.values()):
            raise DataError(f"No token comes {config.text.min_count} times in training. Lower text.min_count.")
        for view, vocabulary in language.vocabularies.items():
            folder.write_lines(vocabulary_file(view), vocabulary.tokens)
        folder.write_lines(LABELS, language.labels)
        blocks = corpus.blocks(usable, language, request.executors)
        result.seconds.prepare = time.monotonic() - begun

        terminal.stage(f"starting {request.executors} TensorFlow workers")
        executors.check_registered(spark.sparkContext, request.executors)
        monitor = Monitor(request.executors, terminal.show, folder.record, fed=rows.unpersist)
        assignment = Assignment(config, language, counts.documents, folder.models)
        with EventServer.of_driver(spark.sparkContext.getConf(), monitor.handle) as events:
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
        terminal.outcome(result, language.labels)


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


def check_usable(counts: corpus.Counts, data: DataConfig) -> None:
    """Makes sure that there is something to learn.

    Raises:
        DataError: no rows, too many unusable ones, nothing to train on, or a single class.
    """
    if not counts.read:
        raise DataError(f"The input is empty: {data.input or data.train!r} has no rows.")
    bad = sum(counts.rejected.values())
    if bad > data.max_bad_fraction * counts.read:
        reasons = ", ".join(f"{reason}: {number}" for reason, number in sorted(counts.rejected.items()))
        raise DataError(
            f"{bad} of {counts.read} rows cannot be used ({reasons}); data.max_bad_fraction allows "
            f"{data.max_bad_fraction:.2%}. Rows of each reason are in quarantine.jsonl. Fix them, "
            "or raise data.max_bad_fraction."
        )
    if len(counts.labels) < 2:
        raise DataError(
            f"A classifier needs at least two labels in its training documents. Received: {list(counts.labels)} "
            f"in {counts.documents['train']} training documents."
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


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="train.py", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--config", type=Path, required=True, help="the run file")
    parser.add_argument("--set", action="append", default=[], metavar="section.key=value", help="change the run file")
    parser.add_argument("--out", required=True, metavar="URI", help="the run's folder, local or on HDFS")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())

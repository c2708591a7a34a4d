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

from cluster import signals
from spark_driver import corpus, documents, executors, settings, tfos, yarn
from spark_driver.display import Display
from spark_driver.errors import ClusterStartError, WorkerError, cause, described, exit_status
from spark_driver.feed import Supervisor
from spark_driver.monitor import Monitor
from spark_driver.progress import Address, EventServer
from spark_driver.result import Result
from spark_driver.run_folder import RunFolder
from spark_driver.session import session
from spark_driver.word_lists import segmenter
from trainer.assignment import Assignment, Language
from trainer.config import DataConfig, RunConfig
from trainer.errors import DataError, StorageError

START = "start"
"""Spark's job group of the tasks that start the workers."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the job and returns its exit status."""
    options = _options(arguments)
    folder, result, begun = RunFolder(options.out), Result(), time.monotonic()
    with Display(Console(stderr=True)) as display:
        try:
            with signals.raised():
                folder.create()
                config = settings.read(RunConfig, options.config, options.set)
                folder.write_json("config.json", settings.to_json(config))
                train(config, folder, result, display)
            result.status = "succeeded"
        except (Exception, KeyboardInterrupt) as raised:  # noqa: BLE001 - the end of the program: its status tells it
            error = cause(raised)
            result.error = described(error)
            display.fail(result.error)
            status = exit_status(error)
        else:
            status = 0
        result.exit_status = status
        result.seconds.total = time.monotonic() - begun
        if folder.created:
            record(folder, result, display)
    if result.error is not None:
        yarn.fail_from_container(status, result.error)
    return status


def record(folder: RunFolder, result: Result, display: Display) -> None:
    """Writes result and report. If they cannot be written, the terminal says so: the exit status is the model's."""
    try:
        folder.write_result(result)
    except StorageError as error:
        display.fail(f"The run's records are not complete: {error}")


def train(config: RunConfig, folder: RunFolder, result: Result, display: Display) -> None:
    """Trains and publishes a model; `result` fills up on the way, so that it tells how far a failed run came."""
    with session(config.name) as spark:
        cluster = executors.asked(spark)
        display.stage("reading and preparing the documents")
        begun = time.monotonic()
        segment = segmenter(spark, config.text)
        rows = documents.prepared(spark, config.data, config.text, segment).persist(StorageLevel.MEMORY_AND_DISK)
        counts = corpus.count(rows)
        rejected = corpus.quarantine(rows, counts).toLocalIterator() if counts.rejected else ()
        quarantined = folder.quarantine(rejected)
        result.counted(counts, quarantined)
        check_usable(counts, config.data)
        usable = corpus.documents(rows, counts)
        language = Language(segment, corpus.vocabulary(usable, config.text), counts.labels)
        if not language.vocabulary.tokens:
            raise DataError(f"No token comes {config.text.min_count} times in training. Lower text.min_count.")
        folder.write_lines("vocabulary.txt", language.vocabulary.tokens)
        folder.write_lines("labels.txt", language.labels)
        blocks = corpus.blocks(usable, language.vocabulary, language.labels, cluster.number)
        result.seconds.prepare = time.monotonic() - begun

        display.stage(f"starting {cluster.number} TensorFlow workers")
        executors.check_registered(spark.sparkContext, cluster.number)
        monitor = Monitor(display.show, folder.record)
        assignment = Assignment(config, language, counts.documents, folder.models)
        with EventServer(str(spark.conf.get("spark.driver.host")), monitor.handle) as events:
            workers = start_workers(spark.sparkContext, cluster, assignment, events.address, monitor)
            display.stage("feeding and training", epochs=config.train.epochs)
            begun = time.monotonic()
            feed_and_watch(blocks, workers, events.address, monitor)
        result.seconds.feed = monitor.fed_at - begun if monitor.fed_at else None
        result.trained(monitor)
        result.rows.check()
        display.summary(language.labels, result, monitor)


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
            f"{data.max_bad_fraction:.2%}. The rows are in quarantine.jsonl. Mend them, or raise data.max_bad_fraction."
        )
    if len(counts.labels) < 2:
        raise DataError(
            f"A classifier needs at least two labels in its training documents. Received: {list(counts.labels)} "
            f"in {counts.documents['train']} training documents."
        )


def start_workers(
    context: SparkContext, asked: executors.Executors, assignment: Assignment, driver: Address, monitor: Monitor
) -> tfos.Workers:
    """Starts a worker on each executor.

    Raises:
        ClusterStartError: one is missing; with its executor, and with Spark's reason.
    """
    context.setJobGroup(START, "starting TensorFlow workers")
    try:
        return tfos.start(context, asked.number, asked.cores, assignment, driver.connect)
    except Py4JJavaError as error:
        where = executors.of_tasks(context, START)
        missing = [
            f"worker {worker} on {where.get(worker, 'no executor')}"
            for worker in range(asked.number)
            if worker not in monitor.joined
        ]
        raise ClusterStartError(
            f"{len(monitor.joined)} of {asked.number} TensorFlow workers have come together. "
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

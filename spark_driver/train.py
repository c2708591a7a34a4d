"""The whole job: read, prepare, start the workers, feed and watch them, record what came of it.

    spark-submit … spark_driver/train.py --config RUN.toml [--set section.key=value …] --out URI [--resume]
        [--prepared URI]

Exit status: 0, a model was published; 2, the configuration or the data cannot be used; 1, anything else.
"""

import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from functools import partial

from pyspark.sql import SparkSession

from run import resources
from run.config import RunConfig, TrainConfig
from run.errors import SettingsError
from run.events import EpochDone, Event
from run.resources import ResourceRequest
from run.result import Result
from run.terminal import Terminal
from spark_driver import executors, job, outcome, resuming
from spark_driver.card import describe
from spark_driver.gang import Gang, taken_back_on_error
from spark_driver.prepared_corpus import of_corpus
from spark_driver.preparing import TrainingData, prepare
from spark_driver.run_folder import RunFolder
from spark_driver.session import session
from spark_driver.word_vectors import word_vectors
from trainer.assignment import Assignment


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the job and returns its exit status."""
    options = parser().parse_args(arguments)
    return job.run(options, job.configured(options, partial(train, options.resume, options.prepared)))


def parser() -> ArgumentParser:
    """Returns the parser of the job's arguments."""
    made = job.run_file_parser("train.py", __doc__)
    made.add_argument("--resume", action="store_true", help="go on from the checkpoint that a stopped run has left")
    made.add_argument("--prepared", metavar="URI", help="a prepared corpus, in place of the input")
    return made


def train(
    resume: bool, corpus: str | None, config: RunConfig, folder: RunFolder, result: Result, terminal: Terminal
) -> None:
    """Trains and publishes a model; `result` fills up on the way, so that it tells how far a failed run came."""
    with session(config.name) as spark:
        request = resources.for_workers(dict(spark.sparkContext.getConf().getAll()))
        check_batch(config.train, request)
        before, decisive = resuming.stopped(folder, resume), resuming.of_config(config, request.executors)
        decisive["source"] = "--prepared" if corpus else "data.input"  # the documents come in another order
        if before:
            terminal.say(f"going on with the run {before.run}")
            before.check(decisive)
        prepared = training_data(spark, corpus, config, folder, result, terminal)
        vectors = word_vectors(spark, config, prepared, terminal.say)
        blocks = prepared.blocks(request.executors)
        decisive |= resuming.of_documents(prepared.counts, prepared.language)
        epochs = list[EpochDone]()
        if before:
            before.check(decisive)
            epochs, result.resumed = folder.take_over(before.run), before.run
        else:
            folder.write_decisive(decisive)

        executors.check_registered(spark.sparkContext, request.executors)
        assignment = Assignment(
            config,
            prepared.language,
            vectors,
            prepared.golden,
            prepared.counts.documents,
            folder.checkpoints,
            folder.models,
        )

        def tell(event: Event) -> None:
            terminal.show(event)
            folder.record(event)

        gang = Gang(request, assignment, blocks, tell, terminal.stage, prepared.release, epochs)
        with resuming.kept_checkpoint_told(folder, terminal):
            monitor = gang.train()
        with taken_back_on_error(monitor):
            outcome.trained(result, monitor)
        folder.remove_checkpoints()
        terminal.outcome(result, prepared.language.labels)


def training_data(
    spark: SparkSession, corpus: str | None, config: RunConfig, folder: RunFolder, result: Result, terminal: Terminal
) -> TrainingData:
    """Returns the documents of a prepared corpus, or else of the run's input, and says what those are."""
    if corpus:
        terminal.stage(f"reading {corpus}")
        terminal.say(
            "A prepared corpus gets no data card: `textcnn card` makes one of the input that it was prepared from."
        )
        return of_corpus(spark, corpus, config, folder, result)
    terminal.stage("reading and preparing the documents")
    prepared = prepare(spark, config, folder, result)
    describe(prepared, config, folder, result, terminal)
    return prepared


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


if __name__ == "__main__":
    sys.exit(main())

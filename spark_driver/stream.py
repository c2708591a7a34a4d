"""Classifies the texts of files as they come into a folder, each row once, also over a restart.

    spark-submit … spark_driver/stream.py --model URI --input URI [--format …] [--text-column …] [--once] --out URI

Runs until a signal or an error ends it; the next run with the same output goes on where this one was. Exit status:
0, with --once, every file that was there is in the output; 2, model, input or output cannot be used; 1, anything else.
"""

import sys
from argparse import Namespace
from collections.abc import Sequence
from functools import partial

import storage
from run.result import Result
from run.terminal import Terminal
from spark_driver import job
from spark_driver.errors import InputError
from spark_driver.predict import parser
from spark_driver.predicting import OUTCOME, counted, predicted
from spark_driver.run_folder import RunFolder
from spark_driver.session import session
from spark_driver.text_input import TextInput
from trainer.card import model_of


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the job and returns its exit status."""
    made = parser("stream.py", __doc__)
    made.add_argument("--once", action="store_true", help="end when all files that are there now are classified")
    options = made.parse_args(arguments)
    return job.run(options, partial(classify, options))


def classify(options: Namespace, folder: RunFolder, result: Result, terminal: Terminal) -> None:
    """Writes the rows of the files with their predictions as Parquet.

    Spark's checkpoint and the list of files in the output (`_spark_metadata`) make each row come out once: files that
    a run had begun to write when it ended are not in that list.
    """
    result.model, texts = storage.absolute(model_of(options.model)), TextInput.of(options)
    if storage.exists(folder.predictions) and not storage.exists(folder.checkpoint):
        raise InputError(f"The predictions in {folder.predictions} are not a stream's. Give another output.")
    with session("textcnn stream") as spark:
        rows = texts.stream(spark)
        classified = predicted(rows, texts, result.model)
        writer = classified.writeStream.format("parquet").partitionBy(OUTCOME)
        writer = writer.option("checkpointLocation", folder.checkpoint)
        if options.once:
            writer = writer.trigger(availableNow=True)
        query = writer.start(folder.predictions)
        terminal.stage(f"classifying what comes into {options.input}")
        try:
            query.awaitTermination()
        finally:
            query.stop()
        counted(result, spark.read.schema(classified.schema).parquet(folder.predictions))
    result.predictions = folder.predictions
    terminal.outcome(result, ())


if __name__ == "__main__":
    sys.exit(main())

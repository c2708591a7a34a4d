"""Classifies the texts of an input with a published model: each row comes out, predicted or quarantined.

    spark-submit … spark_driver/predict.py --model URI --input URI [--format …] [--text-column …] --out URI

Exit status: 0, every row that was read is in the output; 2, model, input or output cannot be used; 1, anything else.
"""

import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from functools import partial

from pyspark.sql import Observation
from pyspark.sql import functions as F  # noqa: N812 - as all of Spark's documentation writes it

import storage
from run.result import Result
from run.terminal import Terminal
from spark_driver import job
from spark_driver.errors import InputError, LostRowsError
from spark_driver.predicting import OUTCOME, counted, predicted
from spark_driver.run_folder import RunFolder
from spark_driver.session import session
from spark_driver.text_input import TextInput, add_arguments
from trainer.card import model_of


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the job and returns its exit status."""
    options = parser("predict.py", __doc__).parse_args(arguments)
    return job.run(options, partial(predict, options))


def parser(program: str, description: str | None) -> ArgumentParser:
    """Returns the parser of what a script is given that classifies."""
    made = job.parser(program, description)
    made.add_argument("--model", required=True, metavar="URI", help="a model, or the folder of a run")
    add_arguments(made)
    return made


def predict(options: Namespace, folder: RunFolder, result: Result, terminal: Terminal) -> None:
    """Writes the rows of the input with their predictions as Parquet, and counts them."""
    result.model, texts = storage.absolute(model_of(options.model)), TextInput.of(options)
    if storage.exists(folder.predictions):
        raise InputError(f"There are predictions in {folder.predictions} already. Give another output, or remove them.")
    with session("textcnn predict") as spark:
        terminal.stage("classifying")
        begun, read = time.monotonic(), Observation()
        rows = texts.batch(spark).observe(read, F.count(F.lit(1)).alias("rows"))
        classified = predicted(rows, texts, result.model)
        classified.write.partitionBy(OUTCOME).parquet(folder.predictions)
        result.rows.read = read.get["rows"]
        counted(result, spark.read.schema(classified.schema).parquet(folder.predictions))
        written = (result.predicted or 0) + (result.rows.quarantined or 0)
        if result.rows.read != written:
            raise LostRowsError(f"{result.rows.read} rows were read, and {written} written")
        result.documents_per_second = (result.predicted or 0) / (time.monotonic() - begun)
    result.predictions = folder.predictions
    terminal.outcome(result, ())


if __name__ == "__main__":
    sys.exit(main())

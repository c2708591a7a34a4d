"""Prepares a corpus: reads, checks, splits, segments, counts and encodes the documents of a run file once.

    spark-submit … spark_driver/prepare.py --config RUN.toml [--set section.key=value …] --output URI --out URI

Exit status: 0, the corpus is at its place; 2, the configuration or the data cannot be used; 1, anything else.
"""

import sys
import time
from collections.abc import Sequence
from functools import partial

from pyspark import StorageLevel
from pyspark.sql import SparkSession

import storage
from prepared.folder import check_free, drafted
from prepared.manifest import Manifest, check_labelled
from prepared.sampling import GoldenSample
from prepared.vocabularies import check_any
from run.config import RunConfig
from run.result import Result
from run.terminal import Terminal
from spark_driver import corpus, documents, engine, job, outcome
from spark_driver.run_folder import RunFolder
from spark_driver.session import session
from spark_driver.word_lists import segmenter
from text.counts import check_usable
from text.language import Language


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the job and returns its exit status."""
    parser = job.run_file_parser("prepare.py", __doc__)
    parser.add_argument("--output", required=True, metavar="URI", help="the folder of the corpus, local or on HDFS")
    options = parser.parse_args(arguments)
    return job.run(options, job.configured(options, partial(prepare, options.output)))


def prepare(target: str, config: RunConfig, folder: RunFolder, result: Result, terminal: Terminal) -> None:
    """Prepares a corpus; `result` fills up on the way, so that it tells how far a failed run came.

    Raises:
        InputError: the input or a word list cannot be read.
        DataError: there is nothing to learn, or the corpus has no place.
        SettingsError: the run file names documents without a label.
    """
    check_labelled(config)
    target = storage.absolute(target)
    check_free(target)
    begun = time.monotonic()
    with session(config.name) as spark:
        terminal.stage("reading and preparing the documents")
        manifest = prepared(spark, target, config, folder, result)
    result.seconds.prepare = time.monotonic() - begun
    result.prepared, result.prepared_hash = target, manifest.hash
    terminal.outcome(result, ())


def prepared(spark: SparkSession, target: str, config: RunConfig, folder: RunFolder, result: Result) -> Manifest:
    """Prepares a corpus in two passes over the rows, which Spark keeps in between; see `prepare` for the errors."""
    text, segment = config.text, segmenter(spark, config.text)
    with drafted(target, config) as draft:
        rows = documents.prepared(spark, config.data, text, segment, GoldenSample).persist(StorageLevel.MEMORY_AND_DISK)
        sums = engine.first_pass(rows, text.views).persist(StorageLevel.MEMORY_AND_DISK)
        tally = engine.tally_of(sums)
        counts = tally.counts()
        outcome.counted(result, counts)
        folder.quarantine(tally.quarantine())
        check_usable(counts, config.data)
        counted = engine.token_counts(sums)
        known = corpus.most_frequent(counted, text)
        check_any(known, text)
        language = Language(segment, known, counts.labels)
        encoder = draft.counted(tally, language, engine.class_counts(counted, language))
        parts = engine.write_parts(rows, draft.uri, encoder)
        inputs = {key: path for key in ("input", "train", "validation", "test") if (path := getattr(config.data, key))}
        return draft.finish(parts, {"engine": f"spark {spark.version}", "run": folder.run, **inputs})


if __name__ == "__main__":
    sys.exit(main())

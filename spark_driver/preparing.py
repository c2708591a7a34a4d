"""Reads and counts the documents of a run, and stops a run that has nothing to learn from."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from pyspark import RDD, StorageLevel
from pyspark.sql import DataFrame, SparkSession

from prepared.vocabularies import check_any
from run.config import RunConfig, View
from run.result import Result
from spark_driver import corpus, documents, outcome
from spark_driver.run_folder import RunFolder
from spark_driver.word_lists import segmenter
from text.counts import Counts, check_usable
from text.language import Language


class TrainingData(Protocol):
    """What a model is trained on, wherever it comes from."""

    @property
    def counts(self) -> Counts:
        """The rows, counted."""

    @property
    def language(self) -> Language:
        """What tokens and labels are to the model."""

    @property
    def golden(self) -> tuple[str, ...]:
        """Texts that the exported model is held to."""

    def words(self, views: Sequence[View]) -> DataFrame:
        """Returns the words, joined by spaces, of the documents that vectors are trained on; they have these views."""

    def blocks(self, workers: int) -> RDD[bytes]:
        """Returns the documents in blocks, a partition for each worker."""

    @property
    def release(self) -> Callable[[], object]:
        """Gives back the memory of the documents."""


@dataclass(frozen=True)
class Prepared:
    """What a model is trained on."""

    counts: Counts
    documents: DataFrame
    """The rows that can be used: split, label, tokens (of each view, joined by spaces), length (see `documents`)."""
    rows: DataFrame
    """All rows, and those without labels; see `documents.PREPARED`."""
    language: Language
    golden: tuple[str, ...]
    """Texts that the exported model is held to."""
    release: Callable[[], object]
    """Gives back the memory of the documents."""

    def words(self, views: Sequence[View]) -> DataFrame:
        """Returns the words of the documents for training and of those without a label."""
        return corpus.words(self.rows, views)

    def blocks(self, workers: int) -> RDD[bytes]:
        """Encodes the documents."""
        return corpus.blocks(self.documents, self.language, workers)


def prepare(spark: SparkSession, config: RunConfig, folder: RunFolder, result: Result) -> Prepared:
    """Reads, checks and counts the input; quarantine, vocabularies and labels are then in the run's folder.

    Raises:
        InputError: the input or a word list cannot be read.
        DataError: there is nothing to learn.
    """
    begun = time.monotonic()
    segment = segmenter(spark, config.text)
    rows = documents.prepared(spark, config.data, config.text, segment).persist(StorageLevel.MEMORY_AND_DISK)
    counts = corpus.count(rows)
    outcome.counted(result, counts)
    rejected = corpus.quarantine(rows, counts).collect() if counts.rejected else ()
    folder.quarantine(row.asDict() for row in rejected)
    check_usable(counts, config.data)
    usable = corpus.documents(rows, counts)
    language = Language(segment, corpus.vocabularies(usable, config.text), counts.labels)
    check_any(language.vocabularies, config.text)
    folder.write_language(language)
    golden = corpus.golden(rows, counts, config.export.golden_examples)
    result.seconds.prepare = time.monotonic() - begun
    return Prepared(counts, usable, rows, language, golden, rows.unpersist)

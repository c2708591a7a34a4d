"""A prepared corpus in place of an input: nothing is segmented, and no text is read but the golden ones."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pyspark import RDD
from pyspark.sql import DataFrame, SparkSession

import prepared.folder
from prepared.folder import Corpus
from prepared.manifest import check_agrees, check_labelled
from run.config import RunConfig, View
from run.result import Result
from spark_driver import corpus, outcome
from spark_driver.run_folder import RunFolder
from spark_driver.word_lists import segmenter
from text.counts import Counts, check_usable
from text.golden import chosen
from text.language import Language


@dataclass(frozen=True)
class OfCorpus:
    """What a model is trained on; see `TrainingData`."""

    spark: SparkSession
    corpus: Corpus
    golden: tuple[str, ...]
    release: Callable[[], object] = lambda: None

    @property
    def counts(self) -> Counts:
        """The rows, counted when the corpus was prepared."""
        return self.corpus.manifest.counts

    @property
    def language(self) -> Language:
        """The vocabularies of the corpus."""
        return self.corpus.language

    def words(self, _: Sequence[View]) -> DataFrame:
        """Returns the known words of the documents for training."""
        return corpus.words_of_parts(self.spark, self.corpus)

    def blocks(self, workers: int) -> RDD[bytes]:
        """Reads the documents."""
        return corpus.blocks_of_parts(self.spark, self.corpus, workers)


def of_corpus(spark: SparkSession, uri: str, config: RunConfig, folder: RunFolder, result: Result) -> OfCorpus:
    """Reads a corpus, all but its documents; quarantine, vocabularies and labels are then in the run's folder.

    Raises:
        DataError: there is no such corpus, or it cannot be trained on.
        SettingsError: the run file asks for something else.
        StorageError: it cannot be read.
    """
    begun = time.monotonic()
    check_labelled(config)
    found = prepared.folder.read(uri)
    check_agrees(found.manifest, found.language, config, segmenter(spark, config.text), found.uri)
    outcome.counted(result, found.manifest.counts)
    result.prepared, result.prepared_hash = found.uri, found.manifest.hash
    folder.quarantine(map(json.loads, found.quarantine.splitlines()))
    check_usable(found.manifest.counts, config.data)
    folder.write_language(found.language)
    result.seconds.prepare = time.monotonic() - begun
    return OfCorpus(spark, found, chosen(found.golden, config.export.golden_examples))

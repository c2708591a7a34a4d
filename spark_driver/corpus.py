"""Counts what is in the prepared rows, and encodes their documents into blocks."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import reduce
from itertools import chain, islice

import numpy as np
import pyarrow as pa
from pyspark import RDD, TaskContext
from pyspark.serializers import NoOpSerializer
from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F  # noqa: N812 - as all of Spark's documentation writes it

from prepared import parts as prepared_parts
from prepared.folder import Corpus
from prepared.parts import Part
from prepared.tally import COUNTED_TOKENS
from run.config import TextConfig, View
from run.splits import SPLITS, Split
from spark_driver import partitioning
from spark_driver.columns import ColumnEncoder, TokenCounter, gathered, tokens_of
from spark_driver.documents import UNLABELLED
from text.blocks import Block
from text.counts import MAX_CLASSES, UNSEEN, Counts, check_classes, counted
from text.encoding import BLOCK_DOCUMENTS, by_column, in_blocks
from text.golden import chosen
from text.language import Language
from text.records import Document
from text.vocabulary import FIRST_TOKEN, Vocabulary

QUARANTINED = 1_000
"""Rows that a person may want to read of those that cannot be used; a wrong label_column makes all of them so."""
CANDIDATES = 4_096
"""Texts of which the golden examples are chosen on the driver."""

_COUNTS = pa.schema([("view", pa.int32()), ("token", pa.string()), ("count", pa.int64())])
_WORDS = pa.schema([("words", pa.string())])
_BLOCKS = pa.schema([("key", pa.int32()), ("block", pa.binary())])


def count(rows: DataFrame) -> Counts:
    """Counts rows by split, label and reason.

    Raises:
        DataError: there are too many labels to be classes.
    """
    # The hashes are cut to 31 bits, so that the sum of four billion is a long.
    total = F.sum(F.pmod(F.xxhash64("split", "label", "tokens"), F.lit(2**31)))
    grouped = rows.groupBy("split", "label", "reason").agg(F.count(F.lit(1)).alias("rows"), total.alias("checksum"))
    groups = grouped.limit(MAX_CLASSES * len(SPLITS) + 1).collect()
    if len(groups) > MAX_CLASSES * len(SPLITS):
        check_classes(len(groups))
    labelled = [group for group in groups if group["split"] != UNLABELLED]
    found = counted(((g["split"], g["label"], g["reason"]), g["rows"]) for g in labelled)
    checksum = sum(g["checksum"] for g in labelled if g["reason"] is None and g["label"] in found.labels)
    unlabelled = next((group["rows"] for group in groups if group["split"] == UNLABELLED), None)
    return replace(found, read=found.read + (unlabelled or 0), checksum=checksum, unlabelled=unlabelled)


def documents(rows: DataFrame, counts: Counts) -> DataFrame:
    """Returns the rows that can be used: split, label, tokens, length."""
    return rows.where(F.col("reason").isNull() & _known(counts)).select("split", "label", "tokens", "length")


def words(rows: DataFrame, views: Sequence[View]) -> DataFrame:
    """Returns the words, joined by spaces, of the documents for training and of those without a label."""
    of_training = F.when(F.col("split") == "train", F.get("tokens", F.lit(views.index("word"))))
    return rows.select(of_training.when(F.col("split") == UNLABELLED, F.get("tokens", F.lit(0))).alias("words")).where(
        "words != ''"
    )


def golden(rows: DataFrame, counts: Counts, number: int) -> tuple[str, ...]:
    """Returns texts of documents that can be used, as examples of what the model is to answer."""
    candidates = rows.where(F.col("text").isNotNull() & _known(counts)).select("text", "label").limit(CANDIDATES)
    return chosen((Document(*row) for row in candidates.collect()), number)


def quarantine(rows: DataFrame, counts: Counts) -> DataFrame:
    """Returns rows that cannot be used: reason, source, row; at most `QUARANTINED`, and some of every reason.

    They go through the driver and are for a person to read. How many there are of each reason is in `counts`.
    """
    unseen = F.concat_ws("\t", F.col("tokens")[0], "label")
    of_unseen = ~_known(counts) & (F.col("split") != UNLABELLED)
    rejected = rows.where(F.col("reason").isNotNull() | of_unseen).select(
        F.coalesce("reason", F.lit(UNSEEN)).alias("reason"), "source", F.coalesce("row", unseen).alias("row")
    )
    if sum(counts.rejected.values()) <= QUARANTINED:
        return rejected
    each = QUARANTINED // len(counts.rejected)
    of_each = (rejected.where(F.col("reason") == reason).limit(each) for reason in sorted(counts.rejected))
    return reduce(DataFrame.unionAll, of_each)


def _known(counts: Counts) -> Column:
    return F.col("label").isNotNull() & F.col("label").isin(list(counts.labels))


def vocabularies(documents: DataFrame, text: TextConfig) -> dict[View, Vocabulary]:
    """Counts the tokens of the training documents; the same documents give the same vocabularies, byte for byte."""
    counts = documents.where(F.col("split") == "train").select("tokens")
    return most_frequent(counts.mapInArrow(_count_tokens, "view int, token string, count long"), text)


def most_frequent(counts: DataFrame, text: TextConfig) -> dict[View, Vocabulary]:
    """Returns the vocabulary of each view; counts of the same view (its number) and token are added."""
    totals = counts.groupBy("view", "token").agg(F.sum("count").alias("count")).where(F.col("count") >= text.min_count)
    place = F.row_number().over(Window.partitionBy("view").orderBy(F.desc("count"), "token")).alias("place")
    kept = totals.select("view", "token", place).where(F.col("place") <= text.vocabulary_size - FIRST_TOKEN)
    ordered = F.sort_array(F.collect_list(F.struct("place", "token"))).getField("token")
    found = dict(tuple(row) for row in kept.groupBy("view").agg(ordered).collect())
    return {view: Vocabulary(tuple(found.get(number, ()))) for number, view in enumerate(text.views)}


def _count_tokens(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    counter = TokenCounter[int](COUNTED_TOKENS)
    for batch in batches:
        for view, lists in enumerate(tokens_of(batch.column(0))):
            if counter.add(view, lists.flatten()):
                yield from _counts(counter)
    yield from _counts(counter)


def _counts(counter: TokenCounter[int]) -> Iterator[pa.RecordBatch]:
    for view, tokens, counts in counter.take():
        of_view = pa.array(np.full(len(tokens), view, np.int32))
        yield pa.RecordBatch.from_arrays([of_view, tokens, counts], schema=_COUNTS)


def blocks(documents: DataFrame, language: Language, workers: int) -> RDD[bytes]:
    """Encodes the documents into blocks: one partition for each worker, equal shares of every split."""
    shared = documents.sparkSession.sparkContext.broadcast(language)

    def encoded(batches: Iterator[pa.RecordBatch], partition: int) -> Iterator[Block]:
        encoder = ColumnEncoder(shared.value)
        return in_blocks(chain.from_iterable(map(encoder.by_split, gathered(batches))), partition)

    return _dealt(documents.select("split", "label", "tokens"), encoded, workers)


def blocks_of_parts(spark: SparkSession, corpus: Corpus, workers: int) -> RDD[bytes]:
    """As `blocks`, of the documents of a prepared corpus, each part of it in a task of its own."""
    views, parts, uri, classes = corpus.manifest.views, corpus.manifest.parts, corpus.uri, corpus.language.classes

    def read(batches: Iterator[pa.RecordBatch], partition: int) -> Iterator[Block]:
        documents = (
            document for part in _of_task(batches, parts) for document in prepared_parts.read(uri, part, views, classes)
        )
        return in_blocks(by_column(((d.split, (d.ids, classes[d.label])) for d in documents), views), partition)

    return _dealt(spark.range(0, len(parts), 1, len(parts)), read, workers)


def words_of_parts(spark: SparkSession, corpus: Corpus) -> DataFrame:
    """As `words`, of the documents of a prepared corpus; unknown words are left out."""
    views, parts, uri, labels = corpus.manifest.views, corpus.manifest.parts, corpus.uri, corpus.manifest.labels
    known = spark.sparkContext.broadcast(corpus.language.vocabularies["word"])

    def read(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for part in _of_task(batches, parts):
            training = (d.ids["word"] for d in prepared_parts.read(uri, part, views, labels) if d.split == "train")
            while some := list(islice(training, BLOCK_DOCUMENTS)):
                joined = [" ".join(filter(None, known.value.decode(ids))) for ids in some]
                yield pa.RecordBatch.from_arrays([pa.array(joined, pa.string())], schema=_WORDS)

    return spark.range(0, len(parts), 1, len(parts)).mapInArrow(read, "words string").where("words != ''")


def _of_task(batches: Iterator[pa.RecordBatch], parts: Sequence[Part]) -> Iterator[Part]:
    """The parts that a task is given by their places in `parts`."""
    return (parts[place] for batch in batches for place in batch.column(0).to_pylist())


def _dealt(
    frame: DataFrame, blocks: Callable[[Iterator[pa.RecordBatch], int], Iterator[Block]], workers: int
) -> RDD[bytes]:
    """Makes blocks of each partition of a frame and deals them to the workers."""
    keys = partitioning.keys(frame.sparkSession, workers)

    def task(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        context = TaskContext.get()
        assert context is not None  # this runs in a task
        partition = context.partitionId()
        # The workers take turns with the blocks of a split, beginning with another one in each partition.
        turns: dict[Split, int] = dict.fromkeys(SPLITS, partition)
        for block in blocks(batches, partition):
            key = keys[turns[block.split] % workers]
            turns[block.split] += 1
            columns = [pa.array([key], pa.int32()), pa.array([block.to_bytes()], pa.binary())]
            yield pa.RecordBatch.from_arrays(columns, schema=_BLOCKS)

    encoded = frame.mapInArrow(task, "key int, block binary")
    return _values(encoded.repartition(workers, "key").select("block"))


def _values(column: DataFrame) -> RDD[bytes]:
    """Returns the values of a frame's only column, which is binary.

    Python gets the JVM's bytes as they are: `DataFrame.rdd` has the JVM pickle them, as text in Latin-1.
    """
    context = column.sparkSession.sparkContext
    assert context._jvm is not None  # it runs
    binary = context._jvm.org.apache.spark.sql.Encoders.BINARY()
    return RDD(getattr(column._jdf, "as")(binary).javaRDD(), context, NoOpSerializer())

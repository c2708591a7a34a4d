"""Spark as an engine of prepared corpora: carries rows, counts and documents. Executors import this module."""

from collections.abc import Callable, Iterator, Sequence
from urllib.parse import unquote

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812 - as all of Spark's documentation writes it

from prepared import parts, vocabularies
from prepared.documents import EncodedDocument, Encoder
from prepared.parts import Part
from prepared.tally import COUNTED_TOKENS, Tally
from run.config import View
from spark_driver import partitioning
from spark_driver.columns import ColumnEncoder, TokenCounter, gathered, tokens_of
from text.language import Language
from text.preparation import Rejection, TokenizedDocument
from text.vocabulary import FIRST_TOKEN

_COUNTED = pa.schema([("view", pa.int32()), ("token", pa.string()), ("label", pa.string()), ("count", pa.int64())])
_TALLY = -1
"""In place of a view: the token is the tally of a partition."""
_PLACED = pa.schema([("key", pa.int32()), ("part", pa.int32()), ("digest", pa.binary()), ("document", pa.binary())])
_PACKED = pa.schema([("packed", pa.binary())])
_WRITTEN = pa.schema([("part", pa.string())])
_Batches = Iterator[pa.RecordBatch]


def first_pass(rows: DataFrame, views: Sequence[View]) -> DataFrame:
    """Counts prepared rows: how often each token stands in training documents, and a tally of each partition.

    Args:
        rows: as `documents.PREPARED`; the texts that may become golden are those of a GoldenSample.
        views: those of the tokens.

    Returns:
        view (its number), token, label, count; `tally_of` and `token_counts` tell them apart.
    """

    def counted(batches: _Batches) -> _Batches:
        tally, counter = Tally(), TokenCounter[tuple[int, str]](COUNTED_TOKENS)
        for batch in batches:
            _add_to(tally, batch, views[0])
            if _count(batch.filter(pc.equal(batch.column("split"), "train")), counter):
                yield from _counts(counter)
        yield from _counts(counter)
        yield _counted(_TALLY, pa.array([tally.to_json()]), "", pa.array([1]))

    found = rows.mapInArrow(counted, "view int, token string, label string, count long")
    return found.groupBy("view", "token", "label").agg(F.sum("count").alias("count"))


def tally_of(sums: DataFrame) -> Tally:
    """Adds the tallies of the partitions.

    Args:
        sums: of the first pass, kept.
    """
    sums.count()  # adds up all partitions at once, while an iterator has it done for one after the other
    tally = Tally()
    for row in sums.where(F.col("view") == _TALLY).select("token").toLocalIterator():
        tally.update(Tally.from_json(row["token"]))
    return tally


def token_counts(sums: DataFrame) -> DataFrame:
    """Returns the counts of the tokens of the first pass."""
    return sums.where(F.col("view") != _TALLY)


def class_counts(counted: DataFrame, language: Language) -> dict[View, np.ndarray]:
    """Returns for each view how often its known tokens stand in training documents of each class."""
    shared = counted.sparkSession.sparkContext.broadcast(language)
    views = tuple(language.vocabularies)

    def packed(batches: _Batches) -> _Batches:
        classes, known = shared.value.classes, list(shared.value.vocabularies.values())
        for batch in batches:
            of_view, counts = (batch.column(name).to_numpy() for name in ("view", "count"))
            ids = np.empty(len(of_view), np.int64)
            for view, vocabulary in enumerate(known):
                of_this = of_view == view
                ids[of_this] = vocabulary.encode(batch.column("token").filter(pa.array(of_this)).to_pylist())
            labels = [classes[label] for label in batch.column("label").to_pylist()]
            values = np.column_stack((of_view, ids, labels, counts)).astype(np.int64)[ids >= FIRST_TOKEN]
            yield pa.RecordBatch.from_arrays([pa.array([values.tobytes()], pa.binary())], schema=_PACKED)

    found = [np.frombuffer(row["packed"], np.int64) for row in counted.mapInArrow(packed, "packed binary").collect()]
    rows = np.concatenate([np.empty(0, np.int64), *found]).reshape(-1, 4)
    return {view: vocabularies.ordered(rows[rows[:, 0] == number, 1:]) for number, view in enumerate(views)}


def write_parts(rows: DataFrame, uri: str, encoder: Encoder) -> list[Part]:
    """Encodes the documents among prepared rows, and has each part written by a task of its own, into a folder."""
    spark, views = rows.sparkSession, tuple(encoder.language.vocabularies)
    shared, keys = spark.sparkContext.broadcast(encoder), partitioning.keys(spark, encoder.parts)

    def placed(batches: _Batches) -> _Batches:
        columns = ColumnEncoder(shared.value.language)
        for table in gathered(batches):
            found = list(shared.value.placed(_encoded(table, columns)))
            numbers, digests, documents = zip(*found, strict=True) if found else ((), (), ())
            arrays = [
                pa.array([keys[number] for number in numbers], pa.int32()),
                pa.array(numbers, pa.int32()),
                pa.array(digests, pa.binary()),
                pa.array(documents, pa.binary()),
            ]
            yield pa.RecordBatch.from_arrays(arrays, schema=_PLACED)

    documents = rows.where(F.col("reason").isNull()).select("split", "label", "tokens")
    encoded = documents.mapInArrow(placed, "key int, part int, digest binary, document binary")
    ordered = encoded.repartition(encoder.parts, "key").sortWithinPartitions("digest").select("part", "document")
    written = ordered.mapInArrow(_written(uri, views), "part string").collect()
    return [Part.from_json(row["part"]) for row in written]


def _written(uri: str, views: Sequence[View]) -> Callable[[_Batches], _Batches]:
    """Returns what writes the documents of a partition, which are those of a part, in order."""

    def write(batches: _Batches) -> _Batches:
        first = next((batch for batch in batches if batch.num_rows), None)
        if first is None:
            return
        documents = (document for batch in _chained(first, batches) for document in batch.column(1).to_pylist())
        part = parts.write(uri, first.column(0)[0].as_py(), documents, views)
        yield pa.RecordBatch.from_arrays([pa.array([part.to_json()])], schema=_WRITTEN)

    return write


def _chained(first: pa.RecordBatch, others: _Batches) -> _Batches:
    yield first
    yield from others


def _add_to(tally: Tally, batch: pa.RecordBatch, view: View) -> None:
    """Adds prepared rows to a tally, which wants to know the tokens of the first view alone."""
    columns = (batch.column(name).to_pylist() for name in ("split", "label", "reason", "source", "row", "text"))
    of_view = batch.column("tokens")
    for split, label, reason, source, row, text, tokens in zip(*columns, of_view, strict=True):
        file = unquote(source)  # Spark has the address of a file, with a space as %20
        if reason is not None:
            tally.add(Rejection(reason, file, row), file)
        else:
            tally.add(TokenizedDocument(split, label, {view: tokens[0].as_py().split()}, text), file)


def _count(training: pa.RecordBatch, counter: TokenCounter[tuple[int, str]]) -> bool:
    """Counts the tokens of training documents by view and label, and tells whether it is time to take the counts."""
    full = False
    for label in training.column("label").unique():
        of_label = training.filter(pc.equal(training.column("label"), label))
        for view, lists in enumerate(tokens_of(of_label.column("tokens"))):
            full |= counter.add((view, label.as_py()), lists.flatten())
    return full


def _counts(counter: TokenCounter[tuple[int, str]]) -> _Batches:
    for (view, label), tokens, counts in counter.take():
        yield _counted(view, tokens, label, counts)


def _counted(view: int, tokens: pa.Array, label: str, counts: pa.Array) -> pa.RecordBatch:
    of_all = pa.array([view] * len(tokens), pa.int32()), pa.array([label] * len(tokens), pa.string())
    return pa.RecordBatch.from_arrays([of_all[0], tokens, of_all[1], counts], schema=_COUNTED)


def _encoded(documents: pa.Table, encoder: ColumnEncoder) -> Iterator[EncodedDocument]:
    splits, labels = (documents.column(name).to_pylist() for name in ("split", "label"))
    views = encoder.encode(documents.column("tokens"))
    for split, label, ids in zip(splits, labels, zip(*views.values(), strict=True), strict=True):
        yield EncodedDocument(split, label, dict(zip(views, ids, strict=True)))

"""Spark as an engine of prepared corpora: carries rows, counts and documents. Executors import this module."""

from collections.abc import Callable, Iterator, Sequence
from urllib.parse import unquote

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812 - as all of Spark's documentation writes it

from prepared import parts, vocabularies
from prepared.documents import Encoder
from prepared.parts import Part
from prepared.tally import Tally, token_counts
from run.config import View
from spark_driver import partitioning
from text.language import Language
from text.preparation import Rejection, TokenizedDocument
from text.vocabulary import FIRST_TOKEN

_COUNTED = pa.schema(
    [
        ("view", pa.int32()),
        ("token", pa.string()),
        ("label", pa.string()),
        ("count", pa.int64()),
        ("tally", pa.string()),
    ]
)
_PLACED = pa.schema([("key", pa.int32()), ("part", pa.int32()), ("digest", pa.binary()), ("document", pa.binary())])
_PACKED = pa.schema([("packed", pa.binary())])
_WRITTEN = pa.schema([("part", pa.string())])
_Batches = Iterator[pa.RecordBatch]


def first_pass(rows: DataFrame, views: Sequence[View]) -> DataFrame:
    """Counts prepared rows, a tally and counts of tokens for each partition.

    Args:
        rows: as `documents.PREPARED`; the texts that may become golden are those of a GoldenSample.
        views: those of the tokens.

    Returns:
        view (its number), token, label, count; and tally, which is alone in its row.
    """
    numbers = {view: number for number, view in enumerate(views)}

    def counted(batches: _Batches) -> _Batches:
        tally = Tally()
        for counts in token_counts(_tallied(batches, views, tally)):
            for (view, label), of_label in counts.items():
                columns = [
                    pa.array([numbers[view]] * len(of_label), pa.int32()),
                    pa.array(of_label.keys(), pa.string()),
                    pa.array([label] * len(of_label), pa.string()),
                    pa.array(of_label.values(), pa.int64()),
                    pa.nulls(len(of_label), pa.string()),
                ]
                yield pa.RecordBatch.from_arrays(columns, schema=_COUNTED)
        yield pa.RecordBatch.from_pylist([{"tally": tally.to_json()}], _COUNTED)

    return rows.mapInArrow(counted, "view int, token string, label string, count long, tally string")


def tally_of(counted: DataFrame) -> Tally:
    """Adds the tallies of the partitions of what is kept of the first pass."""
    counted.count()  # counts all partitions at once, while an iterator has them counted one after the other
    tally = Tally()
    for row in counted.where(F.col("tally").isNotNull()).select("tally").toLocalIterator():
        tally.update(Tally.from_json(row["tally"]))
    return tally


def totals_of(counted: DataFrame) -> DataFrame:
    """Adds the counts of tokens, of which a partition has several: view (its number), token, label, count."""
    tokens = counted.where(F.col("tally").isNull())
    return tokens.groupBy("view", "token", "label").agg(F.sum("count").alias("count"))


def class_counts(totals: DataFrame, language: Language) -> dict[View, np.ndarray]:
    """Returns for each view how often its known tokens stand in training documents of each class."""
    shared = totals.sparkSession.sparkContext.broadcast(language)
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

    found = [np.frombuffer(row["packed"], np.int64) for row in totals.mapInArrow(packed, "packed binary").collect()]
    rows = np.concatenate([np.empty(0, np.int64), *found]).reshape(-1, 4)
    return {view: vocabularies.ordered(rows[rows[:, 0] == number, 1:]) for number, view in enumerate(views)}


def write_parts(rows: DataFrame, uri: str, encoder: Encoder) -> list[Part]:
    """Encodes the documents among prepared rows, and has each part written by a task of its own, into a folder."""
    spark, views = rows.sparkSession, tuple(encoder.language.vocabularies)
    shared, keys = spark.sparkContext.broadcast(encoder), partitioning.keys(spark, encoder.parts)

    def placed(batches: _Batches) -> _Batches:
        for batch in batches:
            found = list(shared.value.encode(_documents(batch, views)))
            numbers, digests, encoded = zip(*found, strict=True) if found else ((), (), ())
            columns = [
                pa.array([keys[number] for number in numbers], pa.int32()),
                pa.array(numbers, pa.int32()),
                pa.array(digests, pa.binary()),
                pa.array(encoded, pa.binary()),
            ]
            yield pa.RecordBatch.from_arrays(columns, schema=_PLACED)

    documents = rows.where(F.col("reason").isNull()).mapInArrow(
        placed, "key int, part int, digest binary, document binary"
    )
    ordered = documents.repartition(encoder.parts, "key").sortWithinPartitions("digest").select("part", "document")
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


def _tallied(batches: _Batches, views: Sequence[View], tally: Tally) -> Iterator[TokenizedDocument]:
    """The documents of prepared rows; all rows are added to the tally."""
    for batch in batches:
        for split, label, tokens, reason, source, row, text, _ in zip(
            *(column.to_pylist() for column in batch.columns), strict=True
        ):
            file = unquote(source)  # Spark has the address of a file, with a space as %20
            if reason is not None:
                tally.add(Rejection(reason, file, row), file)
                continue
            document = TokenizedDocument(split, label, _of_views(tokens, views), text)
            tally.add(document, file)
            yield document


def _documents(batch: pa.RecordBatch, views: Sequence[View]) -> Iterator[TokenizedDocument]:
    for split, label, tokens in zip(*(batch.column(i).to_pylist() for i in range(3)), strict=True):
        yield TokenizedDocument(split, label, _of_views(tokens, views))


def _of_views(tokens: Sequence[str], views: Sequence[View]) -> dict[View, list[str]]:
    return {view: joined.split() for view, joined in zip(views, tokens, strict=True)}

"""Reads the input and prepares it in Spark: every row becomes a tokenized document of a split, or a rejection."""

import gc
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from typing import Any, Protocol

import pyarrow as pa
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - as all of Spark's documentation writes it

from run.config import DataConfig, TextConfig
from run.splits import Split
from spark_driver.errors import InputError, reading
from text.errors import RowError
from text.golden import Candidates
from text.preparation import SHOWN_BYTES, Preparation, Rejection, split_rule
from text.records import (
    BYTE_ORDER_MARK,
    LARGEST,
    LARGEST_ROW,
    Fields,
    LargeRow,
    columns_of,
    fields_of_json,
    fields_of_values,
    first_of_csv,
    is_header,
    require_columns,
)
from text.segmenter import Segmenter

UNLABELLED = "unlabelled"
"""In place of a split: a document without a label, whose tokens are those of the view word alone."""

PREPARED = (
    "split string, label string, tokens array<string>, reason string, source string, row string, text string, "
    "length int"
)
"""A prepared row: a document has split, label, tokens (of each view, joined by spaces), a rejection reason and row.

The text goes with a few documents of each partition, the candidates for golden examples. The length is that of the
first view before tokens were cut off.
"""

_TYPES = {
    "split": pa.string(),
    "label": pa.string(),
    "tokens": pa.list_(pa.string()),
    "reason": pa.string(),
    "source": pa.string(),
    "row": pa.string(),
    "text": pa.string(),
    "length": pa.int32(),
}
_SCHEMA = pa.schema(list(_TYPES.items()))
_CORRUPT = "_corrupt_record"

_Row = tuple[str, Any]
"""Where a row comes from, and the row as it is: a line, or (text, label, what the parser could not make columns of)."""
_Batches = Iterator[pa.RecordBatch]
_Rows = Callable[[_Batches], Iterator[list[_Row]]]


class GoldenCandidates(Protocol):
    """Chooses, while the documents of a partition go by, those whose texts go along."""

    def is_one(self, text: str, label: str) -> bool:
        """Whether a document is one."""


def prepared(
    spark: SparkSession,
    data: DataConfig,
    text: TextConfig,
    segmenter: Segmenter,
    candidates: Callable[[], GoldenCandidates] = Candidates,
) -> DataFrame:
    """Returns all rows of the input, prepared; see `PREPARED` for the columns. Lazy, as every DataFrame.

    Args:
        spark: reads the input.
        data: where it is.
        text: how it is prepared.
        segmenter: with the word lists that `text` names.
        candidates: makes what chooses, in a partition, the texts that may become golden.

    Raises:
        InputError: an input is missing or has no such column.
    """

    def part(path: str, split: Callable[[str], Split]) -> DataFrame:
        rows, frame, parse = _reader(spark, path, data)
        preparation = Preparation.of(text, segmenter, split)
        return frame.mapInArrow(_prepared(rows, parse, preparation, candidates), PREPARED)

    frame = part(data.input or data.train or "", split_rule(data))
    if data.validation:
        frame = frame.union(part(data.validation, lambda _: "validation"))
    if data.test:
        frame = frame.union(part(data.test, lambda _: "test"))
    if data.unlabelled:
        frame = frame.union(_unlabelled(spark, data.unlabelled, data, text, segmenter))
    return frame


def _unlabelled(spark: SparkSession, path: str, data: DataConfig, text: TextConfig, segmenter: Segmenter) -> DataFrame:
    """The rows of an input that needs no column of labels."""
    rows, frame, parse = _reader(spark, path, replace(data, label_column=data.text_column))
    preparation = replace(Preparation.of(text, segmenter, lambda _: "train"), views=("word",))
    labelled = _prepared(rows, lambda row: (parse(row)[0], b"none"), preparation, Candidates)
    prepared = frame.mapInArrow(labelled, PREPARED)
    nothing = F.lit(None).cast("string")
    split = F.when(F.col("reason").isNull(), UNLABELLED)
    return prepared.withColumns({"split": split, "label": nothing, "text": nothing})


def _prepared(
    rows: _Rows, parse: Callable[[Any], Fields], preparation: Preparation, candidates: Callable[[], GoldenCandidates]
) -> Callable[[_Batches], _Batches]:
    """Returns what an executor does with a partition."""

    def prepare(source: str, row: Any, golden: GoldenCandidates) -> tuple[str | int | list[str] | None, ...]:
        found = preparation.outcome(source, row, parse)
        if isinstance(found, Rejection):
            return None, None, None, found.reason, source, found.row, None, None
        tokens = list(map(" ".join, found.tokens.values()))
        text = found.text if found.text is not None and golden.is_one(found.text, found.label) else None
        return found.split, found.label, tokens, None, source, None, text, found.length

    def partition(batches: _Batches) -> _Batches:
        _keep_what_is_loaded()
        golden = candidates()
        for batch in rows(batches):
            columns = zip(*(prepare(*row, golden) for row in batch), strict=True) if batch else ([] for _ in _SCHEMA)
            arrays = [pa.array(c, kind) for c, kind in zip(columns, _TYPES.values(), strict=True)]
            yield pa.RecordBatch.from_arrays(arrays, schema=_SCHEMA)

    return partition


@cache
def _keep_what_is_loaded() -> None:
    """Has Python's collector of garbage no longer go through all modules with every few thousand documents."""
    gc.freeze()


def _reader(spark: SparkSession, path: str, data: DataConfig) -> tuple[_Rows, DataFrame, Callable[[Any], Fields]]:
    """Returns how a partition's rows come out of its batches, the rows, and how text and label come out of one."""
    with reading(path, data.format, "Check the path (data.input, data.train, …) and data.format."):
        if data.format == "jsonl":
            return _rows_of_lines, _lines(spark, path), lambda line: fields_of_json(line, data)
        if data.format == "tsv":
            lines = _lines(spark, path)
            columns = _tsv_columns(lines, path, data)
            fields = fields_of_values(columns, data)
            return _rows_below_header(columns, data), lines, lambda line: fields(line.split(b"\t"))
        if data.format == "csv":
            return *_csv(spark, path, data), _fields_of_columns
        return _rows_of_columns, _parquet(spark, path, data), _fields_of_columns


def _lines(spark: SparkSession, path: str) -> DataFrame:
    """Every line of the files as bytes: Spark's text source does not look at them, so broken UTF-8 stays visible.

    Of one that is too large no more than its beginning leaves the source: each copy of the rest would have to find room
    in the executor's memory.
    """
    line, large = F.col("value").cast("binary"), F.octet_length("value") > LARGEST_ROW
    return (
        spark.read.option("lineSep", "\n")
        .text(path)
        .select(
            F.when(large, F.substring(line, 1, SHOWN_BYTES)).otherwise(line).alias("line"),
            F.col("_metadata.file_path").alias("source"),
            (F.col("_metadata.file_block_start") == 0).alias("from_start"),
            large.alias("large"),
        )
    )


def _rows_of_lines(batches: _Batches) -> Iterator[list[_Row]]:
    yield from map(_lines_of, batches)


def _lines_of(batch: pa.RecordBatch) -> list[_Row]:
    lines, sources, large = (batch.column(i).to_pylist() for i in (0, 1, 3))
    return [
        (source, LargeRow(line) if is_large else line.removesuffix(b"\r"))
        for line, source, is_large in zip(lines, sources, large, strict=True)
    ]


def _rows_below_header(columns: tuple[str, ...], data: DataConfig) -> _Rows:
    """As `_rows_of_lines`, without the first line of a file where it names the columns."""

    def rows(batches: _Batches) -> Iterator[list[_Row]]:
        last_source, expected = None, [column.encode() for column in columns]
        for batch in batches:
            kept = []
            for (source, line), from_start in zip(_lines_of(batch), batch.column(2).to_pylist(), strict=True):
                first_line, last_source = from_start and source != last_source, source
                if first_line and not isinstance(line, LargeRow):
                    line = line.removeprefix(BYTE_ORDER_MARK)
                names = line.split(b"\t")
                if not (first_line and is_header(names, data)):
                    kept.append((source, line))
                elif names != expected:
                    raise InputError(f"{source} names the columns {names}, another file of the input {expected}")
            yield kept

    return rows


def _tsv_columns(lines: DataFrame, path: str, data: DataConfig) -> tuple[str, ...]:
    """The columns of a TSV file in order: from its first line if that names them, else from the run file."""
    first = lines.where("from_start").first()
    if first is None:
        return _no_columns(data)
    names = bytes(first.line).removeprefix(BYTE_ORDER_MARK).removesuffix(b"\r").split(b"\t")
    return columns_of(names, path, data)


def _no_columns(data: DataConfig) -> tuple[str, str]:
    """Any columns will do for an input without rows; that it has none is found out when they are counted."""
    return data.text_column, data.label_column


def _csv(spark: SparkSession, path: str, data: DataConfig) -> tuple[_Rows, DataFrame]:
    """How a partition's rows come out of its batches, and the columns of CSV files (RFC 4180) as bytes.

    Read as Latin-1, which gives each byte a character, so that Spark's parser keeps the bytes as they are.
    """
    options: dict[str, Any] = {"encoding": "ISO-8859-1", "multiLine": True, "escape": '"', "columnPruning": False}
    first = spark.read.options(**options).csv(path).limit(1).collect()
    names = [(value or "").encode("latin-1") for value in first[0]] if first else []
    names[:1] = map(first_of_csv, names[:1])
    columns = columns_of(names, path, data) if first else _no_columns(data)
    schema = ", ".join(f"c{i} string" for i in range(len(columns))) + f", {_CORRUPT} string"
    named = is_header(names, data)
    frame = spark.read.options(**options, header=named, columnNameOfCorruptRecord=_CORRUPT).schema(schema).csv(path)
    wanted = [columns.index(data.text_column), columns.index(data.label_column)]
    selected = frame.select(
        *(
            _limited(F.encode(f"c{i}", "ISO-8859-1")).alias(name)
            for i, name in zip(wanted, ("text", "label"), strict=True)
        ),
        F.encode(_CORRUPT, "ISO-8859-1"),
        F.col("_metadata.file_path"),
    )
    return (_rows_of_columns if named or 0 not in wanted else _unmarked_rows(wanted.index(0))), selected


def _parquet(spark: SparkSession, path: str, data: DataConfig) -> DataFrame:
    rows = spark.read.parquet(path)
    require_columns(rows.columns, path, data)
    return rows.select(
        *(
            _limited(rows[f"`{column}`"].cast("string").cast("binary")).alias(name)
            for column, name in ((data.text_column, "text"), (data.label_column, "label"))
        ),
        F.lit(None).cast("binary"),
        F.col("_metadata.file_path"),
    )


def _limited(value: Column) -> Column:
    """A value, or enough of it to see that it is too large."""
    return F.substring(value, 1, LARGEST + 1)


def _rows_of_columns(batches: _Batches) -> Iterator[list[_Row]]:
    for batch in batches:
        texts, labels, corrupt, sources = (batch.column(i).to_pylist() for i in range(4))
        yield list(zip(sources, zip(texts, labels, corrupt, strict=True), strict=True))


def _unmarked_rows(place: int) -> _Rows:
    """As `_rows_of_columns` for CSV files, without a byte order mark in the value that each begins with.

    Args:
        place: that of the files' first column among text and label.
    """

    def rows(batches: _Batches) -> Iterator[list[_Row]]:
        last_source = None
        for batch in _rows_of_columns(batches):
            kept = []
            for source, row in batch:
                values = list(row)
                if source != last_source and values[place]:
                    values[place] = first_of_csv(values[place])
                last_source = source
                kept.append((source, tuple(values)))
            yield kept

    return rows


def _fields_of_columns(row: tuple[bytes | None, bytes | None, bytes | None]) -> Fields:
    text, label, corrupt = row
    if corrupt is not None:
        raise RowError("wrong number of columns")
    return text, label

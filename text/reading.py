"""Reads labelled documents from a local file, row by row, with the same checks as a run."""

import csv
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import get_args

from pyarrow import ArrowException, parquet

from run.config import DataConfig, Format
from text.errors import DataError, RowError
from text.records import (
    BYTE_ORDER_MARK,
    Document,
    Fields,
    columns_of,
    document,
    fields_of_json,
    fields_of_values,
    first_of_csv,
    is_header,
    require_columns,
)


def read(path: Path, config: DataConfig) -> Iterator[Document | RowError]:
    """Yields every row of a file: a document, or why it is none.

    Args:
        path: the file; its ending tells its format, or else `config` does.
        config: format and columns.

    Raises:
        DataError: the file is missing, not of its format, or has no such columns.
    """
    ending = path.suffix.removeprefix(".")
    kind = ending if ending in get_args(Format) else config.format
    rows = {"jsonl": _jsonl, "tsv": _tsv, "csv": _csv, "parquet": _parquet}[kind]
    try:
        for fields in rows(path, config):
            try:
                yield document(fields) if not isinstance(fields, RowError) else fields
            except RowError as error:
                yield error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from error
    except (ArrowException, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read as Parquet: {error}") from error


def _jsonl(path: Path, config: DataConfig) -> Iterator[Fields | RowError]:
    with path.open("rb") as file:
        for line in file:
            try:
                yield fields_of_json(line.rstrip(b"\r\n"), config)
            except RowError as error:
                yield error


def _tsv(path: Path, config: DataConfig) -> Iterator[Fields | RowError]:
    with path.open("rb") as file:
        lines = (line.removesuffix(b"\n").removesuffix(b"\r") for line in file)
        unmarked = chain((line.removeprefix(BYTE_ORDER_MARK) for line in islice(lines, 1)), lines)
        yield from _below_header((line.split(b"\t") for line in unmarked), path, config)


def _csv(path: Path, config: DataConfig) -> Iterator[Fields | RowError]:
    csv.field_size_limit(2**31 - 1)
    # Latin-1 gives each byte a character, so that broken UTF-8 stays visible.
    with path.open(encoding="latin-1", newline="") as file:
        rows = ([value.encode("latin-1") for value in row] for row in csv.reader(file) if row)
        unmarked = chain(([first_of_csv(value), *others] for value, *others in islice(rows, 1)), rows)
        yield from _below_header(unmarked, path, config)


def _below_header(rows: Iterator[list[bytes]], path: Path, config: DataConfig) -> Iterator[Fields | RowError]:
    first = next(rows, None)
    if first is None:
        return
    fields = fields_of_values(columns_of(first, str(path), config), config)
    for values in rows if is_header(first, config) else chain([first], rows):
        try:
            yield fields(values)
        except RowError as error:
            yield error


def _parquet(path: Path, config: DataConfig) -> Iterator[Fields | RowError]:
    file = parquet.ParquetFile(path)
    names = [config.text_column, config.label_column]
    require_columns(file.schema_arrow.names, str(path), config)
    for batch in file.iter_batches(columns=names):
        texts, labels = (batch.column(name).cast("string").cast("binary").to_pylist() for name in names)
        yield from zip(texts, labels, strict=True)

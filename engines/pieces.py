"""The pieces of an input that tasks read by themselves, from any storage: bytes of a file, or row groups of Parquet."""

import bz2
import csv
import gzip
import io
import json
import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from itertools import chain, islice, repeat
from typing import Any, BinaryIO

from pyarrow import ArrowException, PythonFile, parquet

import storage
from run.config import DataConfig
from run.splits import Split
from text.errors import DataError, RowError
from text.preparation import SHOWN_BYTES
from text.records import (
    BYTE_ORDER_MARK,
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

PIECE_BYTES = 32 * 2**20
"""Of a piece at most: some seconds of work with rjieba, a minute with jieba."""

_OPENERS: dict[str, Callable[[BinaryIO], BinaryIO]] = {
    ".gz": lambda file: gzip.GzipFile(fileobj=file),  # type: ignore[dict-item,return-value]
    ".bz2": lambda file: bz2.BZ2File(file),  # type: ignore[dict-item,return-value]
}
"""By the ending of a name; what is compressed is read from its beginning."""


@dataclass(frozen=True)
class Piece:
    """What one task reads of one file."""

    uri: str
    start: int
    end: int
    """Lines that begin at these bytes, or row groups."""
    split: Split | None
    """Of all its documents; None where a hash of each tells."""
    columns: tuple[str, ...] = ()
    """Of TSV and CSV, in order."""

    def to_json(self) -> str:
        """Returns the piece on a line."""
        return json.dumps(asdict(self), ensure_ascii=True)

    @classmethod
    def from_json(cls, line: str | bytes) -> "Piece":
        """Reads what `to_json` has written."""
        values = json.loads(line)
        return cls(**{**values, "columns": tuple(values["columns"])})


Row = bytes | tuple[bytes | None, bytes | None, bytes | None]
"""A line, or text and label, and anything but None where there are too many or too few values beside them."""


def plan(data: DataConfig, wanted: int = 1) -> list[Piece]:
    """Cuts all inputs of a run into pieces of about the same size.

    Args:
        data: where the inputs are.
        wanted: how many pieces there should be at least. CSV files, compressed files and row groups of Parquet are not
            cut.

    Raises:
        DataError: an input is missing, or has no column of texts or labels.
        StorageError: its storage cannot be read.
    """
    inputs: list[tuple[str, Split | None]] = [(data.input or data.train or "", None)]
    if data.validation:
        inputs.append((data.validation, "validation"))
    if data.test:
        inputs.append((data.test, "test"))
    found = [(path, split, _files(path)) for path, split in inputs]
    total = sum(size for _, _, files in found for _, size in files)
    most = max(1, min(PIECE_BYTES, -(-total // wanted)))
    pieces: list[Piece] = []
    for path, split, files in found:
        columns = _columns(path, files, data)
        for uri, size in files:
            pieces += (Piece(uri, start, end, split, columns) for start, end in _cuts(uri, size, most, data))
    return pieces


def rows(piece: Piece, data: DataConfig) -> Iterator[Row]:
    """Yields the rows of a piece.

    Raises:
        DataError: the file is not of the format, or names other columns than the first file of the input.
        StorageError: it cannot be read.
    """
    if data.format == "parquet":
        yield from _parquet(piece, data)
        return
    with _opened(piece.uri) as file:
        yield from _csv(file, piece, data) if data.format == "csv" else _lines(file, piece, data)


def _files(path: str) -> list[tuple[str, int]]:
    """The files that a path, a folder or a pattern names, and their sizes; those with names like _SUCCESS are none."""
    found = sorted(uri for match in _matches(path) for uri in _below(match))
    if not found and not any(storage.exists(match) for match in _matches(path)):
        raise DataError(f"The input {path!r} cannot be read: there is no such file or folder. Check the path.")
    return [(uri, storage.size(uri) or 0) for uri in found]


def _below(uri: str) -> Iterator[str]:
    if storage.size(uri) is not None:
        yield uri
        return
    for name in storage.names(uri):
        inside = storage.join(uri, name)
        # Of folders in the folder, those of a partition belong to it: Hive and Spark call them column=value.
        if not name.startswith(("_", ".")) and (storage.size(inside) is not None or "=" in name):
            yield from _below(inside)


def _matches(path: str) -> Iterator[str]:
    """What a pattern names, as Hadoop reads it: * ? [a-z] in names, and {a,b} for either."""
    for pattern in _alternatives(storage.absolute(path)):
        yield from _expanded(pattern)


def _alternatives(path: str) -> Iterator[str]:
    found = re.search(r"\{([^{}]*)\}", path)
    if found is None:
        yield path
        return
    for choice in found[1].split(","):
        yield from _alternatives(path[: found.start()] + choice + path[found.end() :])


def _expanded(pattern: str) -> Iterator[str]:
    if not re.search(r"[*?\[]", pattern):
        yield pattern
        return
    folder, name = posixpath.split(pattern)
    for parent in _expanded(folder):
        if re.search(r"[*?\[]", name):
            names = storage.names(parent)
            yield from (storage.join(parent, n) for n in names if fnmatchcase(n, name) and not n.startswith("."))
        elif storage.exists(storage.join(parent, name)):
            yield storage.join(parent, name)


def _columns(path: str, files: Sequence[tuple[str, int]], data: DataConfig) -> tuple[str, ...]:
    """The columns of TSV or CSV in order: from the first row of the first file if that names them."""
    if data.format not in ("tsv", "csv"):
        return ()
    for uri, size in files:
        with _opened(uri) as file:
            first = next(_values(file, data) if size else iter(()), None)
        if first is not None:
            return columns_of(first, path, data)
    return data.text_column, data.label_column  # any will do for an input without rows


def _cuts(uri: str, size: int, most: int, data: DataConfig) -> Iterator[tuple[int, int]]:
    """The pieces of a file, from where to where."""
    if data.format == "parquet":
        yield from _row_groups(uri, most, data)
    elif data.format == "csv" or uri.endswith(tuple(_OPENERS)):
        yield 0, size
    else:
        yield from ((start, min(start + most, size)) for start in range(0, size, most))


def _row_groups(uri: str, most: int, data: DataConfig) -> Iterator[tuple[int, int]]:
    with _parquet_file(uri) as file:
        require_columns(file.schema_arrow.names, uri, data)
        start, waiting = 0, 0
        for group in range(file.num_row_groups):
            waiting += file.metadata.row_group(group).total_byte_size
            if waiting >= most or group == file.num_row_groups - 1:
                yield start, group + 1
                start, waiting = group + 1, 0


def _opened(uri: str) -> BinaryIO:
    """Opens a file as it was before it was compressed."""
    file = storage.opened(uri)
    ending = posixpath.splitext(uri)[1]
    return _OPENERS[ending](file) if ending in _OPENERS else file


def parser(piece: Piece, data: DataConfig) -> Callable[[Any], Fields]:
    """Returns what makes text and label of a row of a piece, or raises a RowError."""
    if data.format == "jsonl":
        return lambda line: fields_of_json(line, data)
    if data.format == "tsv":
        fields = fields_of_values(piece.columns, data)
        return lambda line: fields(line.split(b"\t"))
    return _fields_of_columns


def _fields_of_columns(row: tuple[bytes | None, bytes | None, bytes | None]) -> Fields:
    text, label, others = row
    if others is not None:
        raise RowError("wrong number of columns")
    return text, label


def _lines(file: BinaryIO, piece: Piece, data: DataConfig) -> Iterator[Row]:
    lines = _lines_between(file, piece)
    return _unheaded(lines, piece, data) if piece.start == 0 and data.format == "tsv" else lines


def _lines_between(file: BinaryIO, piece: Piece) -> Iterator[bytes]:
    """Yields the lines that begin in a piece; of one that is too large its beginning."""
    compressed = piece.uri.endswith(tuple(_OPENERS))
    place = piece.start
    if place:
        file.seek(place - 1)  # a line begins at the piece's first byte if one ends before it
        place += _skip_line(file) - 1
    while compressed or place < piece.end:
        line = file.readline(LARGEST_ROW + 1)
        if not line:
            return
        place += len(line)
        if len(line) > LARGEST_ROW and not line.endswith(b"\n"):
            place += _skip_line(file)
            yield LargeRow(line[:SHOWN_BYTES])
        else:
            yield line.removesuffix(b"\n").removesuffix(b"\r")


def _skip_line(file: BinaryIO) -> int:
    """Reads to the end of a line, and returns how many bytes that were."""
    skipped = 0
    while line := file.readline(2**20):
        skipped += len(line)
        if line.endswith(b"\n"):
            break
    return skipped


def _unheaded(lines: Iterator[bytes], piece: Piece, data: DataConfig) -> Iterator[bytes]:
    """Yields the lines of a TSV file without the one that names its columns."""
    for line in islice(lines, 1):
        if isinstance(line, LargeRow):
            yield line
        elif not _names_columns((unmarked := line.removeprefix(BYTE_ORDER_MARK)).split(b"\t"), piece, data):
            yield unmarked
    yield from lines


def _names_columns(values: Sequence[bytes], piece: Piece, data: DataConfig) -> bool:
    if not is_header(values, data):
        return False
    expected = [column.encode() for column in piece.columns]
    if list(values) != expected:
        raise DataError(f"{piece.uri} names the columns {list(values)}, another file of the input {expected}")
    return True


def _values(file: BinaryIO, data: DataConfig) -> Iterator[list[bytes]]:
    """Yields the values of TSV's or CSV's rows, without a byte order mark."""
    if data.format == "tsv":
        line = file.readline(LARGEST_ROW)
        yield from [line.removesuffix(b"\n").removesuffix(b"\r").removeprefix(BYTE_ORDER_MARK).split(b"\t")]
        return
    csv.field_size_limit(2**31 - 1)
    # Latin-1 gives each byte a character, so that broken UTF-8 stays visible.
    text = io.TextIOWrapper(file, encoding="latin-1", newline="")
    parsed = ([value.encode("latin-1") for value in row] for row in csv.reader(text) if row)
    yield from chain(([first_of_csv(value), *others] for value, *others in islice(parsed, 1)), parsed)


def _csv(file: BinaryIO, piece: Piece, data: DataConfig) -> Iterator[Row]:
    text, label = (piece.columns.index(column) for column in (data.text_column, data.label_column))
    for number, values in enumerate(_values(file, data)):
        if number == 0 and _names_columns(values, piece, data):
            continue
        padded = [*values, *([b""] * (len(piece.columns) - len(values)))]
        yield padded[text], padded[label], None if len(values) == len(piece.columns) else b""


def _parquet(piece: Piece, data: DataConfig) -> Iterator[Row]:
    columns = [data.text_column, data.label_column]
    try:
        with _parquet_file(piece.uri) as file:
            require_columns(file.schema_arrow.names, piece.uri, data)
            for batch in file.iter_batches(row_groups=list(range(piece.start, piece.end)), columns=columns):
                values = (batch.column(c).cast("string").cast("binary").to_pylist() for c in columns)
                yield from zip(*values, repeat(None), strict=False)
    except (ArrowException, UnicodeDecodeError) as error:
        raise DataError(f"The input {piece.uri!r} cannot be read as parquet: {error}") from error


def _parquet_file(uri: str) -> parquet.ParquetFile:
    try:
        return parquet.ParquetFile(PythonFile(storage.opened(uri), mode="r"))
    except ArrowException as error:
        raise DataError(f"The input {uri!r} cannot be read as parquet: {error}") from error


def written(pieces: Iterable[Piece]) -> bytes:
    """Returns pieces, one a line."""
    return "".join(f"{piece.to_json()}\n" for piece in pieces).encode()

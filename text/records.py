"""A row of the input becomes a document, or a rejection with its reason."""

import json
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

from run.config import DataConfig
from run.splits import Split
from text.errors import DataError, RowError

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""What Excel and Notepad write before the first line of a file."""

LARGEST = 4 * 2**20
"""Bytes of a text or a label at most. A model sees the first words of a text; to segment a hundred megabytes for them
takes more memory than a task has."""
TOO_LARGE = "larger than 4 MiB"
LARGEST_ROW = 4 * LARGEST
"""Bytes of a row at most: a text and what is around it."""
ROW_TOO_LARGE = "row larger than 16 MiB"

Fields = tuple[bytes | None, bytes | None]
"""Text and label of a row as they lie in the input, before anything is checked."""


class LargeRow(bytes):
    """The beginning of a line that is larger than `LARGEST_ROW`: what reads it has not handed over the rest."""


@dataclass(frozen=True)
class Document:
    """A labelled text that can be used."""

    text: str
    label: str


def fields_of_json(line: bytes, config: DataConfig) -> Fields:
    """Returns text and label of a JSON object on a line.

    Raises:
        RowError: the line is no JSON object, or text or label is neither a string nor a whole number.
    """
    try:
        row = _parsed(line)
    except UnicodeDecodeError:
        raise RowError("not UTF-8") from None
    except (ValueError, RecursionError):
        raise RowError("not JSON") from None
    if not isinstance(row, dict):
        raise RowError("not a JSON object")
    return _json_field(row, config.text_column), _json_field(row, config.label_column)


_VALUE = json.JSONDecoder().raw_decode


def _parsed(line: bytes) -> object:
    """As `json.loads`, which looks for another encoding than UTF-8 first, and for white space around the value."""
    if line.startswith(b'{"'):
        text = line.decode(errors="surrogatepass")
        row, end = _VALUE(text)
        if end == len(text):
            return row
    return json.loads(line)


def _json_field(row: dict[str, object], key: str) -> bytes | None:
    value = row.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise RowError(f"{key} is not a string")
    try:
        return str(value).encode()
    except UnicodeEncodeError:
        raise RowError("not UTF-8") from None  # a lone surrogate, written as \\ud800


def fields_of_values(columns: Sequence[str], config: DataConfig) -> Callable[[Sequence[bytes]], Fields]:
    """Returns a function from the values of a TSV or CSV row to its text and label."""
    text, label = columns.index(config.text_column), columns.index(config.label_column)

    def fields(values: Sequence[bytes]) -> Fields:
        if len(values) != len(columns):
            raise RowError("wrong number of columns")
        return values[text], values[label]

    return fields


def first_of_csv(value: bytes) -> bytes:
    """Returns the first value of a CSV file without a byte order mark.

    To a parser, a value that begins with the mark is not a quoted one, and its quotes are text: they go with the mark.
    """
    if not value.startswith(BYTE_ORDER_MARK):
        return value
    marked = value.removeprefix(BYTE_ORDER_MARK)
    quoted = len(marked) > 1 and marked.startswith(b'"') and marked.endswith(b'"')
    return marked[1:-1].replace(b'""', b'"') if quoted else marked


def is_header(names: Sequence[bytes], config: DataConfig) -> bool:
    """Tells whether the first row of a TSV or CSV file names its columns."""
    return {config.text_column.encode(), config.label_column.encode()} <= set(names)


def columns_of(first: Sequence[bytes], path: str, config: DataConfig) -> tuple[str, ...]:
    """Returns the columns of a TSV or CSV file in order: as its first row names them, else as the run file does.

    Raises:
        DataError: text or label is not among them.
    """
    names = tuple(name.decode(errors="replace") for name in first)
    if is_header(first, config):
        return names
    columns = config.columns if len(names) == len(config.columns) else names
    require_columns(columns, path, config)
    return columns


def require_columns(columns: Sequence[str], path: str, config: DataConfig) -> None:
    """Makes sure that text and label are there.

    Raises:
        DataError: one is not.
    """
    for column in (config.text_column, config.label_column):
        if column not in columns:
            raise DataError(
                f"There is no column {column!r} in {path!r}, which has {list(columns)}. Set data.text_column and "
                "data.label_column to names in the file, or data.columns to its columns in order if it names none."
            )


def document(fields: Fields) -> Document:
    """Checks text and label of a row.

    Raises:
        RowError: a value is missing, empty, too large, not UTF-8, or a label that could not be written on a line.
    """
    text_bytes, label_bytes = (fields[0] or b""), (fields[1] or b"")
    if len(text_bytes) > LARGEST or len(label_bytes) > LARGEST:
        raise RowError(TOO_LARGE)
    try:
        text, name = text_bytes.decode(), label_bytes.decode().strip()
    except UnicodeDecodeError:
        raise RowError("not UTF-8") from None
    if not name:
        raise RowError("no label")
    if _has_control_character(name):
        raise RowError("label has a control character")
    if not text or text.isspace():
        raise RowError("empty text")
    return Document(text, name)


@lru_cache(maxsize=1024)
def _has_control_character(label: str) -> bool:
    """The same few labels come again and again."""
    return any(unicodedata.category(character) in ("Cc", "Zl", "Zp") for character in label)


def split_of(text: str, validation_fraction: float, test_fraction: float) -> Split:
    """Returns the split that a document belongs to, by its text alone: equal documents never part.

    The first eight bytes of BLAKE2b are a number that is spread evenly over [0, 1) after division by 2^64.
    """
    place = int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") / 2**64
    if place < test_fraction:
        return "test"
    return "validation" if place < test_fraction + validation_fraction else "train"

"""A line of a file becomes a row to classify, or a row of the quarantine with its reason."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NoReturn

from engines.flink.stream.request import Source
from engines.flink.stream.scorer import Scores
from text.errors import RowError
from text.records import BYTE_ORDER_MARK, LARGEST, LARGEST_ROW, ROW_TOO_LARGE, TOO_LARGE

LABEL, SCORE, MODEL = ADDED = ("predicted_label", "predicted_score", "predicted_by")
"""The columns that a row gets, named as Spark's predictions have them."""

SHOWN = 10_000
"""Characters of a row that the quarantine keeps."""


@dataclass(frozen=True)
class Row:
    """A row that can be classified."""

    columns: dict[str, Any]
    text: str
    milliseconds: int
    """The time it counts for, since 1970; 0 if nothing is counted."""


def row_of(line: bytes, source: Source) -> Row:
    """Returns the row of a line.

    Raises:
        RowError: it cannot be classified, or not be counted.
    """
    if len(line) > LARGEST_ROW:
        raise RowError(ROW_TOO_LARGE)
    try:
        decoded = line.removeprefix(BYTE_ORDER_MARK).decode()
    except UnicodeDecodeError:
        raise RowError("not UTF-8") from None
    columns = {source.text_column: decoded} if source.format == "text" else _columns(decoded)
    text = _text(columns, source.text_column)
    return Row(columns, text, _milliseconds(columns, source.time_column) if source.time_column else 0)


def predicted(row: Row, label: str, score: float, model: str) -> str:
    """Returns a row's line of the output."""
    return json.dumps({**row.columns, **dict(zip(ADDED, (label, score, model), strict=True))}, ensure_ascii=False)


def quarantined(line: bytes, reason: str) -> str:
    """Returns a line of the quarantine."""
    return json.dumps({"reason": reason, "row": line.decode(errors="replace")[:SHOWN]}, ensure_ascii=False)


def classified(lines: list[bytes], source: Source, score: Any) -> list[tuple[str, str | None, int]]:
    """Returns of each line what is written of it, the label, None in the quarantine, and the milliseconds since 1970.

    Args:
        lines: of a file.
        source: how they are read.
        score: gives the scores of texts.
    """
    rows = [_row_or_reason(line, source) for line in lines]
    texts = [row.text for row in rows if isinstance(row, Row)]
    scores: Scores = score(texts) if texts else Scores([], [], "")
    answers = zip(scores.labels, scores.scores, strict=True)
    outcomes: list[tuple[str, str | None, int]] = []
    for line, row in zip(lines, rows, strict=True):
        if isinstance(row, Row):
            label, probability = next(answers)
            outcomes.append((predicted(row, label, probability, scores.model), label, row.milliseconds))
        else:
            outcomes.append((quarantined(line, row), None, 0))
    return outcomes


def _row_or_reason(line: bytes, source: Source) -> Row | str:
    try:
        return row_of(line, source)
    except RowError as error:
        return str(error)


def _columns(line: str) -> dict[str, Any]:
    try:
        row = json.loads(line, parse_constant=_no_constant)
        json.dumps(row, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise RowError("not UTF-8") from None  # a lone surrogate, written as \\ud800
    except (ValueError, RecursionError):
        raise RowError("not JSON") from None
    if not isinstance(row, dict):
        raise RowError("not a JSON object")
    if taken := sorted(set(ADDED) & set(row)):
        raise RowError(f"has a column {taken[0]}, as the output has")
    return row


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _text(columns: dict[str, Any], name: str) -> str:
    text = columns.get(name)
    if text is not None and not isinstance(text, str):
        raise RowError(f"{name} is not a string")
    if text is None or not text.strip():
        raise RowError("empty text")
    if len(text.encode()) > LARGEST:
        raise RowError(TOO_LARGE)
    return text


def _milliseconds(columns: dict[str, Any], name: str) -> int:
    value = columns.get(name)
    try:
        if isinstance(value, str):
            time = datetime.fromisoformat(value)
            time = time if time.tzinfo else time.replace(tzinfo=UTC)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            time = datetime.fromtimestamp(value, UTC)
        else:
            raise RowError(f"{name} is no time")
        return int(time.timestamp() * 1000)
    except (ValueError, OverflowError, OSError):
        raise RowError(f"{name} is no time") from None

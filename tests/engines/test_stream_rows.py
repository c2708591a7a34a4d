"""A line of a stream comes out with what the model says of it, or in the quarantine with its reason."""

import json
from dataclasses import replace

import pytest

from engines.flink.stream.request import Source
from engines.flink.stream.rows import classified, row_of
from engines.flink.stream.scorer import Scores
from text.errors import RowError
from text.records import LARGEST, LARGEST_ROW, ROW_TOO_LARGE, TOO_LARGE

ROWS = Source(
    input="/in",
    format="jsonl",
    text_column="text",
    time_column="at",
    window_seconds=60,
    lateness_seconds=0,
    once=False,
)
UNTIMED = replace(ROWS, time_column=None)


def scores(texts: list[str]) -> Scores:
    """A model that tells how long texts are."""
    return Scores([str(len(text)) for text in texts], [0.5] * len(texts), "/model/7")


def test_rows_keep_their_columns_and_their_order() -> None:
    lines = [b'{"text": "\xe5\xa5\xbd\xe5\xa5\xbd", "id": [1.5]}', b"{", b'{"id": null, "text": "a"}']
    (first, label, _), (bad, none, _), (second, _, _) = classified(lines, UNTIMED, scores)
    assert json.loads(first) == {
        "text": "好好",
        "id": [1.5],
        "predicted_label": "2",
        "predicted_score": 0.5,
        "predicted_by": "/model/7",
    }
    assert "好好" in first
    assert label == "2"
    assert (json.loads(bad), none) == ({"reason": "not JSON", "row": "{"}, None)
    assert json.loads(second)["predicted_label"] == "1"


def test_nothing_to_classify_asks_no_model() -> None:
    assert [label for _, label, _ in classified([b"", b"\xff"], UNTIMED, pytest.fail)] == [None, None]


@pytest.mark.parametrize(
    ("time", "milliseconds"),
    [
        ('"1970-01-01T00:00:01Z"', 1000),
        ('"1970-01-01T08:00:01+08:00"', 1000),
        ('"1970-01-01 00:00:01.5"', 1500),
        ("1.5", 1500),
        ("-1", -1000),
    ],
)
def test_times_in_every_form(time: str, milliseconds: int) -> None:
    assert row_of(f'{{"text": "a", "at": {time}}}'.encode(), ROWS).milliseconds == milliseconds


@pytest.mark.parametrize("time", ['"yesterday"', "null", "true", "1e300", "[]", '""', "-1e15"])
def test_what_is_no_time_is_quarantined(time: str) -> None:
    with pytest.raises(RowError, match=r"^at is no time$"):
        row_of(f'{{"text": "a", "at": {time}}}'.encode(), ROWS)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"text": "a"', "not JSON"),
        (b'{"text": "a", "n": NaN}', "not JSON"),
        (b'["a"]', "not a JSON object"),
        (b'{"text": "\xff"}', "not UTF-8"),
        (b'{"text": "a", "other": "\\ud800"}', "not UTF-8"),
        (b"{}", "empty text"),
        ('{"text": "\u3000"}'.encode(), "empty text"),
        (b'{"text": 1}', "text is not a string"),
        (b'{"text": "a", "predicted_by": "me"}', "has a column predicted_by, as the output has"),
        (b'{"text": "%s"}' % (b"a" * (LARGEST + 1)), TOO_LARGE),
        (b"a" * (LARGEST_ROW + 1), ROW_TOO_LARGE),
    ],
)
def test_rows_that_cannot_be_classified(line: bytes, reason: str) -> None:
    with pytest.raises(RowError) as raised:
        row_of(line, UNTIMED)
    assert str(raised.value) == reason


def test_a_line_of_text_is_a_row() -> None:
    line = "\ufeff{好}".encode()
    assert row_of(line, replace(UNTIMED, format="text", text_column="said")).columns == {"said": "{好}"}

"""Rows: which become documents, why others do not, and to which split a document belongs."""

from collections import Counter
from typing import Any

import pytest

from run.config import DataConfig
from text.errors import DataError, RowError
from text.records import (
    LARGEST,
    TOO_LARGE,
    Document,
    columns_of,
    document,
    fields_of_json,
    fields_of_values,
    is_header,
    require_columns,
    split_of,
)


def config(**values: Any) -> DataConfig:
    return DataConfig(input="reviews", **values)


def reason(row: Any, *args: Any) -> str:
    with pytest.raises(RowError) as error:
        row(*args)
    return str(error.value)


# JSON lines


def test_a_json_line_gives_text_and_label_under_their_configured_names() -> None:
    line = '{"id": 7, "content": "很好", "stars": "5"}'.encode()
    fields = fields_of_json(line, config(text_column="content", label_column="stars"))
    assert fields == ("很好".encode(), b"5")


def test_a_whole_number_is_a_label() -> None:
    assert document(fields_of_json(b'{"text": "a", "label": 104}', config())) == Document("a", "104")


def test_a_surrogate_pair_in_json_is_one_character() -> None:
    text, _ = fields_of_json(rb'{"text": "\ud83d\ude00", "label": "a"}', config())
    assert text == "😀".encode()


OBJECT = '{"text": "好", "label": "a"}'


@pytest.mark.parametrize(
    "line",
    [
        *(OBJECT.encode(encoding) for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32-le")),
        f" \t{OBJECT}".encode(),
        f"{OBJECT} \t".encode(),
        OBJECT.replace('{"', '{ "').encode(),
        b"\xed\xa0\x80".join([b'{"id": "', b'", "text": "\xe5\xa5\xbd", "label": "a"}']),
    ],
)
def test_whatever_python_reads_as_json_is_read(line: bytes) -> None:
    assert fields_of_json(line, config()) == ("好".encode(), b"a")


@pytest.mark.parametrize("line", [b'{"label": "a"}', b'{"text": null, "label": "a"}'])
def test_a_missing_json_value_is_none(line: bytes) -> None:
    assert fields_of_json(line, config()) == (None, b"a")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"", "not JSON"),
        (b'{"text": "a", "label": "b"', "not JSON"),
        (b'{"text": "a", "label": "b"} {', "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b'["a", "b"]', "not a JSON object"),
        (b"null", "not a JSON object"),
        (b'{"text": "\xff", "label": "b"}', "not UTF-8"),
        (b'{"text": "\xed\xa0\x80", "label": "b"}', "not UTF-8"),
        (rb'{"text": "\ud800", "label": "b"}', "not UTF-8"),
        (rb'{"text": "a", "label": "\udc00"}', "not UTF-8"),
        (b'{"text": ["a"], "label": "b"}', "text is not a string"),
        (b'{"text": {"a": 1}, "label": "b"}', "text is not a string"),
        (b'{"text": "a", "label": true}', "label is not a string"),
        (b'{"text": "a", "label": 1.5}', "label is not a string"),
        (b'{"text": "a", "label": NaN}', "label is not a string"),
    ],
)
def test_a_json_line_that_cannot_be_used_is_rejected_with_its_reason(line: bytes, expected: str) -> None:
    assert reason(fields_of_json, line, config()) == expected


# TSV and CSV


def test_a_row_gives_text_and_label_from_their_columns() -> None:
    fields = fields_of_values(("label", "id", "text"), config())
    assert fields(["好评".encode(), b"7", "很好".encode()]) == ("很好".encode(), "好评".encode())


@pytest.mark.parametrize("values", [[], [b"a"], [b"a", b"b", b"c"]])
def test_a_row_with_another_number_of_columns_is_rejected(values: list[bytes]) -> None:
    assert reason(fields_of_values(("text", "label"), config()), values) == "wrong number of columns"


@pytest.mark.parametrize(
    ("names", "header"),
    [
        ([b"text", b"label"], True),
        ([b"label", b"id", b"text"], True),
        ([b"text", b"stars"], False),
        ([b"text"], False),
        ([b"Text", b"Label"], False),
        ([b"\xff", b"label"], False),
    ],
)
def test_a_first_row_is_a_header_if_it_names_both_columns(names: list[bytes], header: bool) -> None:
    assert is_header(names, config()) is header


def test_a_header_is_known_by_the_configured_names() -> None:
    assert is_header(["正文".encode(), "类别".encode()], config(text_column="正文", label_column="类别"))


def test_the_columns_are_those_of_the_header() -> None:
    assert columns_of([b"label", b"id", b"text"], "a.tsv", config()) == ("label", "id", "text")


def test_the_columns_are_those_of_the_run_file_where_there_is_no_header() -> None:
    columns = ("label", "text")
    assert columns_of(["好评".encode(), "很好".encode()], "a.tsv", config(columns=columns)) == columns


@pytest.mark.parametrize(
    ("first", "missing"),
    [([b"a", b"b", b"c"], "text"), ([b"text", b"id", b"stars"], "label"), ([b"\xff"], "text")],
)
def test_a_file_without_such_a_column_is_an_error_that_names_it(first: list[bytes], missing: str) -> None:
    with pytest.raises(DataError, match=f"no column '{missing}' in 'a.tsv'"):
        columns_of(first, "a.tsv", config())


def test_text_and_label_may_be_among_other_columns() -> None:
    require_columns(["id", "label", "text"], "a.parquet", config())
    with pytest.raises(DataError, match=r"no column 'label' in 'a\.parquet', which has \['id', 'text'\]"):
        require_columns(["id", "text"], "a.parquet", config())


# Documents


def test_a_label_is_stripped_and_a_text_is_left_as_it_is() -> None:
    assert document((" 很 好 ".encode(), " 好评\r".encode())) == Document(" 很 好 ", "好评")


@pytest.mark.parametrize("label", ["好评", "very good", "😀", "财经　股票"])
def test_a_label_is_whatever_can_be_written_on_a_line(label: str) -> None:
    assert document((b"a", label.encode())).label == label


@pytest.mark.parametrize(
    ("text", "label", "expected"),
    [
        (b"a", None, "no label"),
        (b"a", b"", "no label"),
        (b"a", b" \t", "no label"),
        (b"a", b"b\nc", "label has a control character"),
        (b"a", b"b\tc", "label has a control character"),
        (b"a", b"b\x00c", "label has a control character"),
        (b"a", "b\u2028c".encode(), "label has a control character"),
        (None, b"b", "empty text"),
        (b"", b"b", "empty text"),
        ("\u3000 \t".encode(), b"b", "empty text"),
        (b"\xc4\xe3", b"b", "not UTF-8"),
        (b"a", b"\xc4\xe3", "not UTF-8"),
        (b"\xed\xa0\x80", b"b", "not UTF-8"),
        pytest.param(b"a" * (LARGEST + 1), b"b", TOO_LARGE, id="a large text"),
        pytest.param(b"a", b"b" * (LARGEST + 1), TOO_LARGE, id="a large label"),
    ],
)
def test_a_row_that_cannot_be_used_is_rejected_with_its_reason(
    text: bytes | None, label: bytes | None, expected: str
) -> None:
    assert reason(document, (text, label)) == expected


def test_a_text_may_be_as_large_as_that() -> None:
    assert len(document((b"a" * LARGEST, b"b")).text) == LARGEST


# Splits

TEXTS = [f"第{i}篇文档" for i in range(10_000)]


@pytest.mark.parametrize(
    ("text", "split"),
    [
        ("这本书很好", "train"),
        ("坏", "train"),
        ("好", "validation"),
        ("电影", "validation"),
        ("质量太差了", "test"),
    ],
)
def test_the_split_of_a_text_never_moves(text: str, split: str) -> None:
    assert split_of(text, 0.1, 0.1) == split


def test_the_splits_have_about_their_fractions() -> None:
    counts = Counter(split_of(text, 0.2, 0.1) for text in TEXTS)
    assert counts == pytest.approx({"train": 7_000, "validation": 2_000, "test": 1_000}, abs=150)


@pytest.mark.parametrize(
    ("validation_fraction", "test_fraction", "expected"),
    [(0.0, 0.0, {"train"}), (0.0, 0.5, {"train", "test"}), (0.5, 0.0, {"train", "validation"})],
)
def test_a_fraction_of_0_gives_no_such_split(
    validation_fraction: float, test_fraction: float, expected: set[str]
) -> None:
    assert {split_of(text, validation_fraction, test_fraction) for text in TEXTS} == expected


def test_another_validation_fraction_moves_nothing_into_or_out_of_the_test() -> None:
    def test_documents(validation_fraction: float) -> list[str]:
        return [text for text in TEXTS if split_of(text, validation_fraction, 0.1) == "test"]

    assert test_documents(0.0) == test_documents(0.5)

"""Reading and preparing: no row is lost, whatever is in it."""

import csv
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet
from pyspark.sql import Row, SparkSession

from run.config import DataConfig, TextConfig
from spark_driver.documents import prepared
from spark_driver.errors import InputError, cause
from text.errors import DataError, RowError
from text.preparation import Preparation
from text.reading import read
from text.records import LARGEST, LARGEST_ROW, ROW_TOO_LARGE, TOO_LARGE, split_of
from text.segmenter import Segmenter

pytestmark = pytest.mark.integration

Prepare = Callable[..., list[Row]]


@pytest.fixture
def prepare(spark: SparkSession) -> Prepare:
    """Prepares an input and returns its rows."""

    def rows(segmenter: Segmenter | None = None, **data: Any) -> list[Row]:
        config = DataConfig(**data)
        return prepared(spark, config, TextConfig(views=("word",), max_length=3), segmenter or Segmenter()).collect()

    return rows


def usable(rows: list[Row]) -> list[tuple[str, ...]]:
    return [(row.label, *row.tokens) for row in rows if row.reason is None]


def reasons(rows: list[Row]) -> list[tuple[str, str]]:
    return [(row.reason, row.row) for row in rows if row.reason is not None]


def test_a_tsv_file_whose_first_line_names_the_columns_in_any_order(prepare: Prepare, tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("label\tid\ttext\r\n好评\t1\t很好看\r\n差评\t2\t不好看\r\n", encoding="utf-8")
    rows = prepare(input=str(tmp_path), format="tsv")
    assert usable(rows) == [("好评", "很 好看"), ("差评", "不 好看")]
    assert rows[0].source.endswith("a.tsv")


def test_a_tsv_file_without_names_has_the_columns_of_the_run_file(prepare: Prepare, tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("很好看\t好评\n不好看\t差评\n", encoding="utf-8")
    rows = prepare(input=str(tmp_path), format="tsv", columns=("text", "label"))
    assert usable(rows) == [("好评", "很 好看"), ("差评", "不 好看")]


@pytest.mark.parametrize("first", ["text\tlabel\n", ""])
def test_a_byte_order_mark_is_part_of_no_name_and_of_no_text(first: str, prepare: Prepare, tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text(f"\ufeff{first}好看\tx\n\ufeff难看\ty\n", encoding="utf-8")
    rows = prepare(input=str(tmp_path), format="tsv", columns=("text", "label"))
    assert usable(rows) == [("x", "好看"), ("y", "\ufeff 难看")]


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("tsv", "text\tlabel\n好看\tx\n"),
        ("tsv", "好看\tx\n"),
        ("csv", "text,label\n好看,x\n"),
        ("csv", "好看,x\n"),
        ("csv", '"text","label"\n"好看","x"\n'),
        ("csv", '"好看","x"\n'),
        ("csv", '"好""看","x"\n'),
        ("jsonl", '{"text": "好看", "label": "x"}\n'),
    ],
)
def test_a_byte_order_mark_changes_nothing_in_training_nor_in_evaluation(
    prepare: Prepare, tmp_path: Path, kind: str, content: str
) -> None:
    data = {"input": str(tmp_path / f"a.{kind}"), "format": kind, "columns": ("text", "label")}
    seen = []
    for mark in ("", "\ufeff"):
        (tmp_path / f"a.{kind}").write_text(mark + content, encoding="utf-8")
        seen.append((usable(prepare(**data)), list(read(tmp_path / f"a.{kind}", DataConfig(**data)))))  # type: ignore[arg-type]
    assert seen[0] == seen[1]
    assert len(seen[0][0]) == len(seen[0][1]) == 1


def test_each_of_several_tsv_files_may_name_the_columns(prepare: Prepare, tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / f"{name}.tsv").write_text(f"text\tlabel\n{name}\tx\n", encoding="utf-8")
    assert sorted(usable(prepare(input=str(tmp_path), format="tsv"))) == [("x", "a"), ("x", "b")]


def test_tsv_files_that_name_different_columns_are_an_error(prepare: Prepare, tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("text\tlabel\n" + "很好看\tx\n" * 9, encoding="utf-8")
    (tmp_path / "b.tsv").write_text("label\ttext\nx\t很好看\n", encoding="utf-8")
    with pytest.raises(Exception, match="names the columns") as raised:
        prepare(input=str(tmp_path), format="tsv")
    assert isinstance(cause(raised.value), InputError)


def test_rows_that_cannot_be_used_keep_their_place_and_say_why(prepare: Prepare, tmp_path: Path) -> None:
    lines = [b"\xff\xfe\tx", b"a\t", b" \tx", b"a", b"a\tb\tc", b"", b"a\tx"]
    (tmp_path / "a.tsv").write_bytes(b"\n".join(lines) + b"\n")
    rows = prepare(input=str(tmp_path), format="tsv", columns=("text", "label"))
    assert usable(rows) == [("x", "a")]
    assert reasons(rows) == [
        ("not UTF-8", "\\xff\\xfe\tx"),
        ("no label", "a\t"),
        ("empty text", " \tx"),
        ("wrong number of columns", "a"),
        ("wrong number of columns", "a\tb\tc"),
        ("wrong number of columns", ""),
    ]


@pytest.mark.parametrize(("characters", "reason"), [(LARGEST // 2, TOO_LARGE), (LARGEST_ROW // 2, ROW_TOO_LARGE)])
@pytest.mark.parametrize("ending", ["jsonl", "tsv", "csv", "parquet"])
def test_what_is_too_large_is_rejected_and_its_beginning_kept(
    prepare: Prepare, tmp_path: Path, ending: str, characters: int, reason: str
) -> None:
    write(tmp_path / f"a.{ending}", [("好" * characters, "a"), ("x", "a")])
    rows = prepare(input=str(tmp_path), format=ending)
    assert usable(rows) == [("a", "x")]
    ((why, kept),) = reasons(rows)
    assert why == (reason if ending in ("jsonl", "tsv") else TOO_LARGE)  # of columns no more is read than that
    assert len(kept) == 10_000
    assert kept.startswith(('{"text": "\\u597d\\u597d', "好好"))


def test_json_lines(prepare: Prepare, tmp_path: Path) -> None:
    values: list[Any] = [{"text": "很好看", "label": 1}, {"text": "x"}, {"text": ["x"], "label": "y"}, [1]]
    lines = [*(json.dumps(value) for value in values), "{", '{"text": "\\ud800", "label": "y"}']
    (tmp_path / "a.jsonl").write_text("\n".join(lines), encoding="utf-8")
    rows = prepare(input=str(tmp_path / "a.jsonl"), format="jsonl")
    assert usable(rows) == [("1", "很 好看")]
    assert [reason for reason, _ in reasons(rows)] == [
        "no label",
        "text is not a string",
        "not a JSON object",
        "not JSON",
        "not UTF-8",
    ]


def test_csv_with_quotes_line_breaks_and_a_byte_order_mark(prepare: Prepare, tmp_path: Path) -> None:
    content = '\ufefftext,label\n"好,""看""\n好看",x\n好看,y\n好,看,y\n好看\n'.encode() + b"\xff,y\n"
    (tmp_path / "a.csv").write_bytes(content)
    rows = prepare(input=str(tmp_path), format="csv")
    assert usable(rows) == [("x", '好 , "'), ("y", "好看")]
    assert [reason for reason, _ in reasons(rows)] == ["wrong number of columns"] * 2 + ["not UTF-8"]


def test_csv_without_names_has_the_columns_of_the_run_file(prepare: Prepare, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,好看\n", encoding="utf-8")
    assert usable(prepare(input=str(tmp_path), format="csv", columns=("label", "text"))) == [("x", "好看")]


def test_parquet_with_a_numeric_label(prepare: Prepare, tmp_path: Path) -> None:
    table = pa.table({"review": ["好看", None, ""], "stars": [5, 4, 3]})
    parquet.write_table(table, tmp_path / "a.parquet")
    rows = prepare(input=str(tmp_path), format="parquet", text_column="review", label_column="stars")
    assert usable(rows) == [("5", "好看")]
    assert [reason for reason, _ in reasons(rows)] == ["empty text"] * 2


@pytest.mark.parametrize(("kind", "name"), [("tsv", "x.tsv"), ("csv", "x.csv"), ("parquet", "x.parquet")])
def test_a_column_that_is_not_there_is_named_with_those_that_are(
    prepare: Prepare, tmp_path: Path, kind: str, name: str
) -> None:
    if kind == "parquet":
        parquet.write_table(pa.table({"a": ["x"], "b": ["y"], "c": ["z"]}), tmp_path / name)
    else:
        (tmp_path / name).write_text("a,b,c\nx,y,z\n".replace(",", "\t" if kind == "tsv" else ","), encoding="utf-8")
    with pytest.raises(DataError, match=r"no column 'text'.*'a', 'b', 'c'"):
        prepare(input=str(tmp_path / name), format=kind)


def test_a_first_line_with_other_names_is_no_document(prepare: Prepare, tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("review\tsentiment\n好看\tx\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"no column 'text'.*'review', 'sentiment'"):
        prepare(input=str(tmp_path), format="tsv")


@pytest.mark.parametrize("kind", ["tsv", "csv", "jsonl", "parquet"])
def test_a_missing_input_is_named(prepare: Prepare, tmp_path: Path, kind: str) -> None:
    with pytest.raises(InputError, match="nowhere"):
        prepare(input=str(tmp_path / "nowhere"), format=kind)


def test_one_input_is_split_by_the_text_alone(prepare: Prepare, tmp_path: Path) -> None:
    texts = [f"文{i}" for i in range(200)]
    (tmp_path / "a.tsv").write_text("".join(f"{text}\tx\n{text}\ty\n" for text in texts), encoding="utf-8")
    rows = prepare(
        input=str(tmp_path), format="tsv", columns=("text", "label"), validation_fraction=0.3, test_fraction=0.3
    )
    assert [row.split for row in rows] == [split_of(text, 0.3, 0.3) for text in texts for _ in "xy"]


def test_an_input_of_another_format_is_told(prepare: Prepare, tmp_path: Path) -> None:
    (tmp_path / "in.parquet").write_text("text\tlabel\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"in\.parquet' cannot be read as parquet: .*and data\.format"):
        prepare(input=str(tmp_path / "in.parquet"), format="parquet")


def test_inputs_of_their_own_keep_their_split_and_a_missing_one_is_split_off(prepare: Prepare, tmp_path: Path) -> None:
    for name in ("train", "dev"):
        (tmp_path / name).write_text("".join(f"{name}{i}\tx\n" for i in range(100)), encoding="utf-8")
    inputs = {"train": str(tmp_path / "train"), "validation": str(tmp_path / "dev")}
    rows = prepare(**inputs, format="tsv", columns=("text", "label"), test_fraction=0.3)
    splits = {name: {r.split for r in rows if r.source.endswith(name)} for name in ("train", "dev")}
    assert splits == {"train": {"train", "test"}, "dev": {"validation"}}


def test_the_users_words_reach_the_tasks(prepare: Prepare, tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("云计算和大数据\tx\n", encoding="utf-8")
    segmenter = Segmenter(user_dictionary=("和大数据",), stop_words=frozenset({"云"}))
    assert usable(prepare(segmenter, input=str(tmp_path), format="tsv", columns=("text", "label"))) == [
        ("x", "计算 和大数据")
    ]


VALUES = st.text(st.sampled_from('很好a "，,\t\n\\\u3000😀\x00\x85'), max_size=6)
ROWS = st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=6)


def write(path: Path, rows: list[tuple[str, str]]) -> None:
    if path.suffix == ".parquet":
        columns = dict(zip(("text", "label"), zip(*rows, strict=True), strict=True))
        parquet.write_table(pa.table({name: pa.array(values) for name, values in columns.items()}), path)
    elif path.suffix == ".csv":
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, lineterminator="\n").writerows([("text", "label"), *rows])
    elif path.suffix == ".tsv":
        path.write_bytes("".join(f"{text}\t{label}\n" for text, label in [("text", "label"), *rows]).encode())
    else:
        lines = (json.dumps({"text": text, "label": label}) if text else label for text, label in rows)
        path.write_bytes("".join(f"{line}\n" for line in lines).encode())


@pytest.mark.parametrize("ending", ["tsv", "csv", "jsonl", "parquet"])
@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS)
def test_a_local_file_reads_as_spark_reads_it(prepare: Prepare, ending: str, rows: list[tuple[str, str]]) -> None:
    if ending == "csv":  # where Spark's parser takes a NUL after a quote for no character
        rows = [(text.replace("\x00", ""), label.replace("\x00", "")) for text, label in rows]
    with TemporaryDirectory() as folder:
        path = Path(folder, f"rows.{ending}")
        write(path, rows)
        by_spark = prepare(input=str(path), format=ending)
        here = list(read(path, DataConfig(input=str(path), format=ending)))  # type: ignore[arg-type]
    preparation = Preparation.of(TextConfig(views=("word",), max_length=3), Segmenter(), lambda _: "train")
    documents = Counter(
        (row.label, " ".join(preparation.tokens(row.text)["word"])) for row in here if not isinstance(row, RowError)
    )
    assert documents == Counter(usable(by_spark))
    rejected = Counter(str(row) for row in here if isinstance(row, RowError))
    assert rejected == Counter(reason for reason, _ in reasons(by_spark))

"""Texts of every format come with all their columns, and a row that cannot be read is there as it was."""

import json
from argparse import ArgumentParser
from pathlib import Path

import pytest
from pyspark.sql import Row, SparkSession

from spark_driver.errors import InputError
from spark_driver.text_input import TextInput, add_arguments


def texts(*arguments: object) -> TextInput:
    parser = ArgumentParser()
    add_arguments(parser)
    return TextInput.of(parser.parse_args(list(map(str, arguments))))


def rows(spark: SparkSession, *arguments: object) -> list[Row]:
    return texts(*arguments).batch(spark).collect()


def test_a_text_a_line(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text("好\tx\n\n坏\n", encoding="utf-8")
    found = rows(spark, "--input", tmp_path / "in.txt", "--text-column", "line")
    assert found == [Row(line="好\tx"), Row(line=""), Row(line="坏")]


def test_json_lines_with_all_that_is_in_them(spark: SparkSession, tmp_path: Path) -> None:
    lines = ['{"id": 1, "text": "好"}', "no JSON", '{"text": "坏", "tags": ["a"]}']
    (tmp_path / "in.jsonl").write_text("\n".join(lines), encoding="utf-8")
    found = rows(spark, "--input", tmp_path / "in.jsonl")
    assert [row.asDict() for row in found] == [
        {"id": 1, "tags": None, "text": "好", "unreadable_row": None},
        {"id": None, "tags": None, "text": None, "unreadable_row": "no JSON"},
        {"id": None, "tags": ["a"], "text": "坏", "unreadable_row": None},
    ]
    assert texts("--input", tmp_path / "in.jsonl").unreadable == "not JSON"


def test_json_lines_that_can_all_be_read(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text('{"text": "好"}\n', encoding="utf-8")
    assert rows(spark, "--input", tmp_path / "in.jsonl") == [Row(text="好", unreadable_row=None)]


def test_csv_with_quotes_and_lines_in_a_value(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text('text,id\n"a ""b"", c\nd",1\nx,2,3\n', encoding="utf-8")
    found = rows(spark, "--input", tmp_path / "in.csv")
    assert [row.text for row in found] == ['a "b", c\nd', "x"]
    assert [row.unreadable_row for row in found] == [None, "x,2,3"]


def test_tsv_that_names_no_columns_and_has_quotes(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "in.tsv").write_text('7\t"好\n8\t坏"\n9\n', encoding="utf-8")
    found = rows(spark, "--input", tmp_path / "in.tsv", "--columns", "id", "text")
    assert [(row.id, row.text) for row in found] == [("7", '"好'), ("8", '坏"'), ("9", None)]
    assert [row.unreadable_row for row in found] == [None, None, "9"]


def test_parquet_keeps_its_types(spark: SparkSession, tmp_path: Path) -> None:
    spark.createDataFrame([Row(text="好", when=Row(day=1, hours=[2]))]).write.parquet(str(tmp_path / "in.parquet"))
    (row,) = rows(spark, "--input", tmp_path / "in.parquet")
    assert row == Row(text="好", when=Row(day=1, hours=[2]))


def test_a_stream_has_the_columns_of_the_first_files(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "first.jsonl").write_text('{"text": "好", "id": 1}\n', encoding="utf-8")
    arguments = ("--input", tmp_path / "in", "--format", "jsonl")
    stream = texts(*arguments).stream(spark)
    assert stream.isStreaming
    assert stream.schema == texts(*arguments).batch(spark).schema


@pytest.mark.parametrize(
    ("content", "arguments", "reason"),
    [
        ({"words": "a"}, [], "no column 'text' in .*which has .'words'.*--text-column"),
        ({"text": 1}, [], "column 'text' of .* is of type bigint, and texts are of type string"),
        ({"text": "a"}, ["--format", "parquet"], "cannot be read as parquet"),
    ],
)
def test_an_input_that_cannot_be_used_is_told(
    content: dict[str, object], arguments: list[str], reason: str, spark: SparkSession, tmp_path: Path
) -> None:
    (tmp_path / "in.jsonl").write_text(json.dumps(content) + "\n", encoding="utf-8")
    with pytest.raises(InputError, match=reason):
        rows(spark, "--input", tmp_path / "in.jsonl", *arguments)


def test_columns_that_are_not_as_many_as_there_are(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "in.tsv").write_text("a\tb\tc\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"has 3 columns, and --columns names \['id', 'text'\]"):
        rows(spark, "--input", tmp_path / "in.tsv", "--columns", "id", "text")


def test_an_input_that_is_not_there(spark: SparkSession, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"other\.csv' cannot be read as csv: .*Check --input"):
        rows(spark, "--input", tmp_path / "other.csv")


def test_a_name_that_does_not_tell_the_format(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"does not tell the format. Give --format, one of text, tsv"):
        texts("--input", tmp_path)

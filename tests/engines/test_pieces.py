"""Pieces of an input: in however many it is cut, every row comes once, and as every engine sees it."""

import bz2
import gzip
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from engines.pieces import Piece, parser, plan, rows
from run.config import DataConfig
from text.errors import DataError, RowError
from text.records import LARGEST_ROW, Fields, LargeRow

TSV = "label\ttext\r\n好评\t好\r\n差评\t\xa0坏\n\n多\t了\t一\n好评\t末".encode()
FIELDS: list[Fields | str] = [
    ("好".encode(), "好评".encode()),
    ("\xa0坏".encode(), "差评".encode()),
    "wrong number of columns",
    "wrong number of columns",
    ("末".encode(), "好评".encode()),
]


def found(pieces: list[Piece], data: DataConfig) -> list[Fields | str]:
    """Text and label of every row, or why it has none."""
    answers: list[Fields | str] = []
    for piece in pieces:
        parse = parser(piece, data)
        for row in rows(piece, data):
            try:
                answers.append(parse(row))
            except RowError as error:
                answers.append(str(error))
    return answers


@given(st.lists(st.binary(max_size=5).map(lambda line: line.replace(b"\n", b"\r")), max_size=9), st.integers(1, 12))
def test_every_line_comes_once_in_however_many_pieces(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], wanted: int
) -> None:
    path = tmp_path_factory.mktemp("lines") / "rows.jsonl"
    path.write_bytes(b"\n".join(lines))
    data = DataConfig(input=str(path), format="jsonl")
    expected = path.read_bytes().split(b"\n")
    expected = expected[:-1] if expected[-1] == b"" else expected
    assert [row for piece in plan(data, wanted) for row in rows(piece, data)] == [
        line.removesuffix(b"\r") for line in expected
    ]


@pytest.mark.parametrize("wanted", [1, 3, 8])
def test_the_line_that_names_the_columns_is_no_row(tmp_path: Path, wanted: int) -> None:
    (tmp_path / "rows.tsv").write_bytes(b"\xef\xbb\xbf" + TSV)
    data = DataConfig(input=str(tmp_path), columns=("text", "label"))
    assert found(plan(data, wanted), data) == FIELDS


@pytest.mark.parametrize(("ending", "compress"), [("gz", gzip.compress), ("bz2", bz2.compress)])
def test_what_is_compressed_is_read_whole(tmp_path: Path, ending: str, compress: type) -> None:
    (tmp_path / f"rows.tsv.{ending}").write_bytes(compress(TSV))
    data = DataConfig(input=str(tmp_path / "*.tsv.*"))
    pieces = plan(data, 3)
    assert len(pieces) == 1
    assert found(pieces, data) == FIELDS


def test_csv_rows_may_have_line_ends_in_them(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_bytes('\ufeff"text",label\n"好\n的,""好""",好评\n坏\n,差评\n'.encode())
    data = DataConfig(input=str(tmp_path / "rows.csv"), format="csv")
    expected = [('好\n的,"好"'.encode(), "好评".encode()), "wrong number of columns", (b"", "差评".encode())]
    assert found(plan(data, 3), data) == expected


def test_parquet_is_cut_between_row_groups(tmp_path: Path) -> None:
    texts = [str(number) * 99 for number in range(10)]
    table = pa.table({"label": [None, *map(int, "123456789")], "text": texts})
    parquet.write_table(table, tmp_path / "rows.parquet", row_group_size=2)
    data = DataConfig(input=str(tmp_path), format="parquet")
    pieces = plan(data, 3)
    assert 1 < len(pieces) <= 5
    assert found(pieces, data) == [(text.encode(), text[:1].encode() if n else None) for n, text in enumerate(texts)]


def test_a_line_that_is_too_large_does_not_come_whole(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_bytes(b"x" * LARGEST_ROW + b"\n" + b"y" * (LARGEST_ROW + 1) + b"\nz")
    data = DataConfig(input=str(tmp_path / "rows.jsonl"), format="jsonl")
    fits, large, last = (row for piece in plan(data, 3) for row in rows(piece, data))
    assert (len(fits), last) == (LARGEST_ROW, b"z")
    assert isinstance(large, LargeRow)
    assert set(large) == {ord("y")}
    assert len(large) < LARGEST_ROW


def test_splits_with_inputs_of_their_own_are_told(tmp_path: Path) -> None:
    for name in ("train", "validation", "test"):
        (tmp_path / f"{name}.jsonl").write_bytes(name.encode())
    names = {name: str(tmp_path / f"{name}.jsonl") for name in ("train", "validation", "test")}
    data = DataConfig(**names, format="jsonl")  # type: ignore[arg-type]
    pieces = [Piece.from_json(piece.to_json()) for piece in plan(data, 1)]
    assert {piece.split for piece in pieces} == {None, "validation", "test"}
    assert {row for piece in pieces for row in rows(piece, data)} == {b"train", b"validation", b"test"}


def test_a_folder_has_its_files_and_those_of_its_partitions(tmp_path: Path) -> None:
    for name in ("a", "_SUCCESS", ".b", "day=1/c", "other/d", "{e}"):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    data = DataConfig(input=str(tmp_path / "i[n]"), format="jsonl")
    assert sorted(row for piece in plan(data) for row in rows(piece, data)) == [b"a", b"day=1/c", b"{e}"]
    either = DataConfig(input=str(tmp_path / "in" / "{a,day=*/c}"), format="jsonl")
    assert sorted(row for piece in plan(either) for row in rows(piece, either)) == [b"a", b"day=1/c"]


def test_an_input_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere.* there is no such file"):
        plan(DataConfig(input=str(tmp_path / "nowhere")))


def test_files_that_name_other_columns_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_bytes(b"text\tlabel\nx\ty\n")
    (tmp_path / "b.tsv").write_bytes(b"label\ttext\nx\ty\n")
    data = DataConfig(input=str(tmp_path))
    with pytest.raises(DataError, match=r"b\.tsv names the columns .*another file of the input"):
        found(plan(data), data)


def test_what_is_no_parquet_is_explained(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"no Parquet")
    with pytest.raises(DataError, match="cannot be read as parquet"):
        plan(DataConfig(input=str(tmp_path), format="parquet"))

"""Whatever stands in a file or comes over a connection, its reader takes it or refuses it by an error of its own.

Bytes that are valid are altered at random: cut off, changed, repeated, deleted, mixed with others. A hundred thousand
times in all.
"""

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from run import settings
from run.config import DataConfig, RunConfig
from run.errors import SettingsError
from run.events import EpochDone, Event, Spooled, Warned, from_json, to_json
from tests.encoded import word_block
from text.blocks import Block
from text.errors import BlockError, DataError, RowError
from text.reading import read
from text.records import document, fields_of_json
from text.vectors import parsed
from text.vocabulary import Vocabulary
from trainer.checkpoint import Checkpoint, Checkpoints, Position

DEEP = 100_000
NASTY = (
    b"",
    b"\x00",
    b"\xff\xfe",
    b"\xed\xa0\x80",  # a surrogate
    b"\xef\xbb\xbf",
    b'"',
    b"\\",
    b"\t\t",
    b"\n\n",
    b"{" * 3,
    b"[" * DEEP,
    b'{"a":' * DEEP,
    b"9" * 5_000,
    b"1e999",
    b"-1",
    b"NaN",
    b"\x7f\xff\xff\xff",
    "\u202e=1+1\U0001f600\u2028".encode(),
)


def altered(valid: list[bytes], number: int, seed: int) -> Iterator[bytes]:
    """Yields bytes that were valid, each altered some times; and the nasty ones alone."""
    yield from NASTY
    chance = random.Random(seed)
    for _ in range(number - len(NASTY)):
        data = bytearray(chance.choice(valid))
        for _ in range(chance.randint(1, 4)):
            start = chance.randint(0, len(data))
            stop = min(len(data), start + chance.choice((1, 1, 2, 4, 16, len(data))))
            change = chance.randrange(5)
            if change == 0:
                del data[start:stop]
            elif change == 1:
                data[start:start] = data[start:stop] * chance.randint(1, 3)
            elif change == 2 and start < len(data):
                data[start] = chance.randrange(256)
            elif change == 3:
                other = chance.choice(valid)
                data[start:stop] = other[chance.randint(0, len(other)) :]
            elif chance.random() < 0.2:
                data[start:stop] = chance.choice(NASTY)
        yield bytes(data)


def refused_or_taken(take: Callable[[bytes], object], cases: Iterator[bytes], *errors: type[Exception]) -> None:
    """Makes sure that some are taken, some refused, and that nothing else happens."""
    taken = refused = 0
    for data in cases:
        try:
            take(data)
        except errors:
            refused += 1
        else:
            taken += 1
    assert taken
    assert refused


BLOCKS = [
    word_block("train", 3, 7, [([2, 3, 4], 1), ([], 0), ([5], 1)]).to_bytes(),
    word_block("test", 0, 0, [([2] * 50, 1)]).to_bytes(),
]


def test_blocks() -> None:
    refused_or_taken(Block.from_bytes, altered(BLOCKS, 30_000, 1), BlockError)


EVENTS: list[Event] = [
    EpochDone(0, 1, 2, 0.5, 0.5, 0.5, 0.5, 1.0),
    Spooled(0, {"train": 3}, 0.5),
    Warned(1, "一"),
]


def test_events() -> None:
    refused_or_taken(from_json, altered([to_json(event) for event in EVENTS], 20_000, 2), ValueError)


ROWS = ['{"text": "好看", "label": "x"}'.encode(), b'{"text": "\\ud800", "label": 3, "more": [1, {"a": null}]}']


def test_rows_of_json() -> None:
    data = DataConfig(input="rows.jsonl")
    refused_or_taken(lambda line: document(fields_of_json(line, data)), altered(ROWS, 30_000, 3), RowError)


@pytest.mark.parametrize(
    ("name", "valid"),
    [
        ("rows.tsv", "text\tlabel\n好看\tx\n难看\ty\n"),
        ("rows.csv", 'text,label\n"好,""看",x\n难看,y\n'),
        ("rows.jsonl", '{"text": "好看", "label": "x"}\n'),
    ],
)
def test_files_of_rows(tmp_path: Path, name: str, valid: str) -> None:
    path, data = tmp_path / name, DataConfig(input=name)

    def take(content: bytes) -> None:
        path.write_bytes(content)
        rows = list(read(path, data))
        if rows and all(isinstance(row, RowError) for row in rows):
            raise DataError("nothing of it can be used")

    refused_or_taken(take, altered([valid.encode()], 3_000, 4), DataError)


def test_a_parquet_file_that_was_altered_is_refused_or_read(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path, data = tmp_path / "rows.parquet", DataConfig(input="rows.parquet")
    pq.write_table(pa.table({"text": ["好看", "难看"], "label": ["x", "y"]}), path)
    valid = path.read_bytes()

    def take(content: bytes) -> None:
        path.write_bytes(content)
        list(read(path, data))

    refused_or_taken(take, altered([valid], 2_000, 5), DataError)


RUN_FILE = b"""name = "reviews"
[data]
input = "reviews.jsonl"
[text]
views = ["word", "char"]
[train]
epochs = 3
learning_rate = 1e-3
"""


def test_run_files(tmp_path: Path) -> None:
    path = tmp_path / "run.toml"

    def take(content: bytes) -> None:
        path.write_bytes(content)
        settings.read(RunConfig, path)

    refused_or_taken(take, altered([RUN_FILE], 5_000, 6), SettingsError)


def test_vectors() -> None:
    vocabulary = Vocabulary(("好", "坏"))

    def take(content: bytes) -> None:
        if any(number < 0 for number, _ in parsed(content.decode(errors="replace").splitlines(), vocabulary, 2)):
            raise DataError("a line is not of the form")

    refused_or_taken(take, altered(["2 2\n好 1 2\n坏 3 4\n".encode()], 6_000, 7), DataError)


def test_checkpoints(tmp_path: Path) -> None:
    folder = tmp_path / "checkpoints"
    with Checkpoints(str(folder), 0.0, 0, lambda _: None) as checkpoints:
        arrays: dict[str, np.ndarray] = {"weights": np.arange(6, dtype=np.float32).reshape(2, 3), "adam": np.zeros(2)}
        checkpoints.save(Checkpoint(Position(1, 5), arrays, {"best": []}))
    (path,) = folder.iterdir()
    told: list[Event] = []

    def take(content: bytes) -> None:
        path.write_bytes(content)
        if Checkpoints(str(folder), 0.0, 0, told.append).newest() is None:
            raise DataError(str(told[-1]))

    refused_or_taken(take, altered([path.read_bytes()], 2_000, 8), DataError)

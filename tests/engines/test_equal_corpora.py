"""Whichever engine carries the rows, in however many pieces: the same corpus, the same quarantine, the same status."""

import argparse
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from subprocess import PIPE
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from cluster.flink import OURS, PARALLELISM
from engines.flink.process import WORKERS
from engines.flink.request import Request
from engines.mapreduce.prepare import prepare
from engines.records import Records, recorded
from prepared.folder import read
from prepared.manifest import Manifest
from run.config import RunConfig
from run.profile import Profile
from run.result import Result
from run.terminal import Terminal
from tests.engines import local_streaming, rows
from tests.spark_driver.splits import in_splits
from text.counts import UNSEEN

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from spark_driver.run_folder import RunFolder

FLINK = OURS / Profile().flink_python
STATUS = "status "
ONE_AFTER_THE_OTHER = f"""
import sys
from engines.flink.command import main
for line in sys.stdin:
    print("{STATUS}", main([line.strip()]), sep="", flush=True)
"""
PIECES = [1, 3, 8]


@dataclass(frozen=True)
class Ended:
    """How a preparation has ended."""

    status: int
    error: str | None
    rejected: dict[str, int]
    quarantine: str
    hash: str | None


Engine = Callable[[RunConfig, Path, int], int]
"""Prepares the corpus of a run file in a folder, from so many pieces of its input; returns the exit status."""


def by_streaming(config: RunConfig, folder: Path, pieces: int) -> int:
    """The tasks of MapReduce, without Hadoop; tests/yarn has them with it."""

    def prepared(records: Records) -> tuple[str, Manifest]:
        target = str(folder / "corpus")
        return target, prepare(config, target, records, local_streaming.run, reducers=2, wanted=pieces)

    return recorded(str(folder / "out"), config, Terminal(Console(quiet=True)), prepared)


@contextmanager
def by_flink() -> Iterator[Engine]:
    """Flink in one process of its own environment, whose JVM takes longer to start than all preparations after it."""
    environment = {**os.environ, "PYTHONPATH": str(OURS), WORKERS: "loopback"}  # which start sooner
    with subprocess.Popen(
        [str(FLINK), "-c", ONE_AFTER_THE_OTHER], stdin=PIPE, stdout=PIPE, encoding="utf-8", env=environment
    ) as process:
        assert process.stdin is not None
        asked, answers = process.stdin, process.stdout or ()

        def prepare(config: RunConfig, folder: Path, pieces: int) -> int:
            request = Request(
                config=config,
                output=str(folder / "corpus"),
                out=str(folder / "out"),
                properties={PARALLELISM: "2"},
                pieces=pieces,
                start_timeout_s=120,
            )
            file = folder.with_name(f"{folder.name}.json")
            file.write_bytes(request.to_json())
            asked.write(f"{file}\n")
            asked.flush()
            return next(int(line.removeprefix(STATUS)) for line in answers if line.startswith(STATUS))

        yield prepare
        asked.close()


def by_spark(spark: "SparkSession") -> Engine:
    """Spark in this process."""
    from spark_driver import job
    from spark_driver.prepare import prepared

    def prepare(config: RunConfig, folder: Path, pieces: int) -> int:
        def work(records: "RunFolder", result: Result, _: Terminal) -> None:
            with in_splits(spark, config.data, pieces):
                prepared(spark, str(folder / "corpus"), config, records, result)

        return job.run(argparse.Namespace(out=str(folder / "out"), run="a-run"), work)

    return prepare


ENGINES = [
    pytest.param("mapreduce", id="mapreduce"),
    pytest.param("spark", id="spark", marks=pytest.mark.integration),
    pytest.param(
        "flink",
        id="flink",
        marks=[pytest.mark.integration, pytest.mark.skipif(not FLINK.exists(), reason="make env-flink")],
    ),
]


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """Each engine."""
    if request.param == "flink":
        with by_flink() as prepare:
            yield prepare
    else:
        yield by_spark(request.getfixturevalue("spark")) if request.param == "spark" else by_streaming


@pytest.fixture(scope="module", params=rows.INPUTS)
def config(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> RunConfig:
    """The run file of each input."""
    write: Callable[[Path], RunConfig] = request.param
    return write(tmp_path_factory.mktemp("input"))


def ended(engine: Engine, config: RunConfig, folder: Path, pieces: int) -> Ended:
    status = engine(config, folder, pieces)
    result = json.loads((folder / "out" / "result.json").read_text(encoding="utf-8"))
    quarantine = folder / "out" / "quarantine.jsonl"
    rejected = quarantine.read_text(encoding="utf-8") if quarantine.exists() else ""
    corpus = read(str(folder / "corpus")) if (folder / "corpus").exists() else None
    assert corpus is None or corpus.quarantine == rejected
    assert result["exit_status"] == status
    return Ended(status, result["error"], result["rejected"], rejected, corpus.manifest.hash if corpus else None)


@pytest.fixture(scope="module")
def expected(config: RunConfig, tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """The corpus of one piece."""
    found = ended(by_streaming, config, tmp_path_factory.mktemp("expected"), 1)
    assert found.status == 0
    assert found.rejected.keys() >= {"empty text", "no label", UNSEEN}
    return found


@pytest.mark.parametrize("pieces", PIECES)
def test_the_corpus_is_the_same(
    engine: Engine, pieces: int, config: RunConfig, expected: Ended, tmp_path: Path
) -> None:
    assert ended(engine, config, tmp_path, pieces) == expected
    assert sorted(path.name for path in tmp_path.iterdir()) == ["corpus", "out"]


def test_a_reducer_writes_several_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prepared.documents.DOCUMENTS_OF_PART", 64)
    config = rows.every_kind(tmp_path)
    hashes = []
    for pieces in (1, 5):
        folder = tmp_path / str(pieces)
        hashes.append(ended(by_streaming, config, folder, pieces).hash)
        assert len(read(str(folder / "corpus")).manifest.parts) > 4
    assert len(set(hashes)) == 1


Wrong = Callable[[RunConfig, Path], RunConfig]
"""Makes of a run one that cannot be prepared; in a folder, what it needs for that."""


def too_many_bad_rows(config: RunConfig, _: Path) -> RunConfig:
    return replace(config, data=replace(config.data, max_bad_fraction=0.0))


def no_such_input(config: RunConfig, folder: Path) -> RunConfig:
    return replace(config, data=replace(config.data, input=str(folder / "nowhere.tsv")))


def no_such_column(config: RunConfig, _: Path) -> RunConfig:
    return replace(config, data=replace(config.data, label_column="stars"))


def files_with_other_columns(config: RunConfig, folder: Path) -> RunConfig:
    (folder / "two").mkdir()
    (folder / "two" / "a.tsv").write_bytes(rows.LINES)
    (folder / "two" / "b.tsv").write_bytes("text\tlabel\n好\t好评\n".encode())
    return replace(config, data=replace(config.data, input=str(folder / "two")))


def one_label(config: RunConfig, folder: Path) -> RunConfig:
    (folder / "one.tsv").write_text("label\ttext\n" + "好评\t好\n" * 9 + "好评\t\n", encoding="utf-8")
    return replace(config, data=replace(config.data, input=str(folder / "one.tsv"), test_fraction=0.0))


def no_rows(config: RunConfig, folder: Path) -> RunConfig:
    (folder / "none.tsv").write_text("label\ttext\n", encoding="utf-8")
    return replace(config, data=replace(config.data, input=str(folder / "none.tsv")))


def nothing_frequent(config: RunConfig, _: Path) -> RunConfig:
    return replace(config, text=replace(config.text, min_count=10_000))


def no_dictionary(config: RunConfig, folder: Path) -> RunConfig:
    (folder / "words.txt").write_text("三个 很多 n 字\n", encoding="utf-8")
    return replace(config, text=replace(config.text, user_dictionary=str(folder / "words.txt")))


USERS_TO_FIX: dict[Wrong, str] = {
    too_many_bad_rows: "rows cannot be used",
    no_such_input: "nowhere.tsv",
    no_such_column: "stars",
    files_with_other_columns: "names the columns",
    one_label: "at least two labels",
    no_rows: "has no rows",
    nothing_frequent: "No token comes 10000 times",
    no_dictionary: "三个 很多 n 字",
}
"""What is wrong with a preparation, and what its error says."""


@pytest.mark.parametrize("wrong", USERS_TO_FIX, ids=lambda wrong: wrong.__name__)
def test_what_is_wrong_is_the_users_to_fix(engine: Engine, wrong: Wrong, tmp_path: Path) -> None:
    (tmp_path / "input").mkdir()
    config = wrong(rows.every_kind(tmp_path / "input"), tmp_path / "input")
    expected = ended(by_streaming, config, tmp_path / "expected", 1)
    found = ended(engine, config, tmp_path / "found", 3)
    assert replace(found, error=None) == replace(expected, error=None)
    assert (found.status, found.hash) == (2, None)
    assert USERS_TO_FIX[wrong] in (found.error or "")
    assert [path.name for path in (tmp_path / "found").iterdir()] == ["out"]

"""Whichever engine carries the rows, in however many pieces: the same corpus, the same quarantine, the same status."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from rich.console import Console

from cluster.flink import OURS
from engines.flink import launch as flink
from engines.flink.request import Request
from engines.mapreduce.prepare import prepare
from engines.records import Records, recorded
from prepared.folder import read
from prepared.manifest import Manifest
from run.config import RunConfig
from run.profile import Profile
from run.terminal import Terminal
from tests.engines import local_streaming, rows
from text.counts import UNSEEN

FLINK = OURS / Profile().flink_python


@dataclass(frozen=True)
class Ended:
    """How a preparation has ended."""

    status: int
    error: str | None
    rejected: dict[str, int]
    quarantine: str
    hash: str | None


Engine = Callable[[RunConfig, Path, int], int]


def by_streaming(config: RunConfig, folder: Path, pieces: int) -> int:
    """The tasks of MapReduce, without Hadoop; tests/yarn has them with it."""

    def prepared(records: Records) -> tuple[str, Manifest]:
        target = str(folder / "corpus")
        return target, prepare(config, target, records, local_streaming.run, reducers=2, wanted=pieces)

    return recorded(str(folder / "out"), config, Terminal(Console(quiet=True)), prepared)


def by_flink(config: RunConfig, folder: Path, pieces: int) -> int:
    """Flink in a process of its own environment."""
    request = Request(
        config=config,
        output=str(folder / "corpus"),
        out=str(folder / "out"),
        properties={flink.PARALLELISM: "2"},
        pieces=pieces,
    )
    return flink.prepare(request, FLINK)


ENGINES = [
    pytest.param(by_streaming, id="mapreduce"),
    pytest.param(
        by_flink,
        id="flink",
        marks=[pytest.mark.integration, pytest.mark.skipif(not FLINK.exists(), reason="make env-flink")],
    ),
]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The input."""
    return rows.write(tmp_path_factory.mktemp("input"))


def ended(engine: Engine, config: RunConfig, folder: Path, pieces: int) -> Ended:
    status = engine(config, folder, pieces)
    result = json.loads((folder / "out" / "result.json").read_text(encoding="utf-8"))
    quarantine = (folder / "out" / "quarantine.jsonl").read_text(encoding="utf-8")
    corpus = read(str(folder / "corpus")) if (folder / "corpus").exists() else None
    assert corpus is None or corpus.quarantine == quarantine
    assert result["exit_status"] == status
    return Ended(status, result["error"], result["rejected"], quarantine, corpus.manifest.hash if corpus else None)


@pytest.fixture(scope="module")
def expected(files: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """The corpus of one piece."""
    found = ended(by_streaming, rows.config(files), tmp_path_factory.mktemp("expected"), 1)
    assert found.rejected == {**rows.REASONS, UNSEEN: found.rejected[UNSEEN]}
    assert 0 < found.rejected[UNSEEN] <= len(rows.UNSEEN)
    return found


@pytest.mark.parametrize("pieces", [1, 3, 8])
@pytest.mark.parametrize("engine", ENGINES)
def test_the_corpus_is_the_same(
    engine: Engine, pieces: int, files: dict[str, Path], expected: Ended, tmp_path: Path
) -> None:
    assert ended(engine, rows.config(files), tmp_path, pieces) == expected
    assert sorted(path.name for path in tmp_path.iterdir()) == ["corpus", "out"]


def test_a_reducer_writes_several_parts(
    files: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("prepared.documents.DOCUMENTS_OF_PART", 64)
    hashes = []
    for pieces in (1, 5):
        folder = tmp_path / str(pieces)
        hashes.append(ended(by_streaming, rows.config(files), folder, pieces).hash)
        assert len(read(str(folder / "corpus")).manifest.parts) > 4
    assert len(set(hashes)) == 1


@pytest.mark.parametrize("engine", ENGINES)
def test_too_many_rows_that_cannot_be_used_are_the_users_to_fix(
    engine: Engine, files: dict[str, Path], expected: Ended, tmp_path: Path
) -> None:
    found = ended(engine, rows.config(files, max_bad_fraction=0.0), tmp_path, 3)
    assert (found.status, found.rejected, found.quarantine) == (2, expected.rejected, expected.quarantine)
    assert found.error
    assert found.error.startswith(f"{sum(expected.rejected.values())} of")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]

"""The process that answers a stream: the newest version answers, and its end is told with what it said."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from engines.errors import EngineError
from engines.flink.stream.scorer import Scorer
from local_hadoop.daemons import wait_until

LIMIT_SECONDS = 60


@pytest.fixture(name="models")
def _models(exported: Path, tmp_path: Path) -> Path:
    shutil.copytree(exported, tmp_path / "models" / "1")
    return tmp_path / "models"


@pytest.fixture(name="scorer")
def _scorer(models: Path, tmp_path: Path) -> Iterator[Scorer]:
    with closing(Scorer(sys.executable, str(models), tmp_path / "log")) as scorer:
        yield scorer


def test_a_new_version_answers_once_it_is_there(scorer: Scorer, models: Path, exported: Path, tmp_path: Path) -> None:
    found = scorer.score(["好", "书，\n坏"])
    assert (found.labels, found.model) == (["好评", "差评"], str(models / "1"))
    assert found.scores == pytest.approx([0.75, 0.75])
    shutil.copytree(exported, tmp_path / "unpublished").rename(models / "2")
    assert wait_until(lambda: scorer.score(["好"]).model == str(models / "2"), LIMIT_SECONDS)
    assert f"serving {models}/2" in (tmp_path / "log").read_text(encoding="utf-8")


def test_without_a_model_its_reason_is_told(tmp_path: Path) -> None:
    with (
        closing(Scorer(sys.executable, str(tmp_path), tmp_path / "log")) as scorer,
        pytest.raises(EngineError, match=r"has ended with status 2: there is no model in "),
    ):
        scorer.score(["好"])

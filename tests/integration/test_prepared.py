"""A corpus is prepared once, and a model trained on it that takes raw text, without the texts being there any more."""

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from prepared.folder import Corpus, read
from tests.integration.conftest import Command, Outcome, Running, command_line
from tests.integration.test_main_job import BAD_ROWS, STOP_WORDS, USER_DICTIONARY, result_of, small

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def prepared(
    command: Command, reviews: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, list[str]]:
    """The folder of a corpus of six hundred reviews and rows that cannot be used, and what the run file says."""
    folder = tmp_path_factory.mktemp("prepared")
    rows = [json.dumps(row, ensure_ascii=False) for row in reviews[::3]]
    (folder / "reviews.jsonl").write_text("\n".join([*rows, *BAD_ROWS]) + "\n", encoding="utf-8")
    (folder / "stop_words.txt").write_text("\n".join(STOP_WORDS), encoding="utf-8")
    (folder / "words.txt").write_text("\n".join(USER_DICTIONARY), encoding="utf-8")
    changes = small(
        f"data.input={folder}/reviews.jsonl",
        f"text.stop_words={folder}/stop_words.txt",
        f"text.user_dictionary={folder}/words.txt",
    )
    arguments = ["--output", folder / "corpus", "--out", folder / "preparing"]
    outcome = command(["textcnn", "prepare", "examples/reviews.toml", *changes, *arguments])
    assert outcome.status == 0, outcome.terminal
    (folder / "reviews.jsonl").unlink()
    return folder, changes


@pytest.fixture(scope="module")
def corpus(prepared: tuple[Path, list[str]]) -> Corpus:
    """The corpus."""
    return read(str(prepared[0] / "corpus"))


@dataclass(frozen=True)
class Trained:
    """A run that was stopped after an epoch, and gone on with."""

    out: Path
    stopped: Outcome
    refused: Outcome
    ended: Outcome


@pytest.fixture(scope="module")
def trained(command: Command, prepared: tuple[Path, list[str]]) -> Trained:
    """A run that was trained on the corpus alone."""
    folder, changes = prepared
    long = small("train.checkpoint_seconds=0.1", "train.epochs=4", "train.patience=4", "train.batch_size=32")
    run = ["textcnn", "train", "examples/reviews.toml", *changes, *long, "--out", str(folder / "out")]
    of_corpus = ["--prepared", str(folder / "corpus")]
    stopped = command([*run, *of_corpus], terminated_after_an_epoch)
    refused = command([*run, "--resume"])
    ended = command([*run, *of_corpus, "--resume"])
    assert ended.status == 0, ended.terminal
    return Trained(folder / "out", stopped, refused, ended)


def terminated_after_an_epoch(line: str, run: Running) -> None:
    if line.startswith("epoch 1:"):
        for process in run.processes():
            driver = any(part.endswith("spark_driver/train.py") for part in command_line(process))
            if driver and "python" in process.name():
                process.terminate()


def test_the_records_of_the_preparation_tell_what_was_read(
    prepared: tuple[Path, list[str]], corpus: Corpus, reviews: list[dict[str, Any]]
) -> None:
    result = result_of(prepared[0] / "preparing")
    assert (result["status"], result["prepared"]) == ("succeeded", str(prepared[0] / "corpus"))
    assert result["prepared_hash"] == corpus.manifest.hash
    assert result["rows"]["read"] == len(reviews[::3]) + len(BAD_ROWS)
    assert result["rows"]["quarantined"] == len(BAD_ROWS) == sum(corpus.manifest.rejected.values())
    assert {split: result["rows"][split] for split in corpus.manifest.documents} == corpus.manifest.documents


def test_a_run_that_was_stopped_goes_on_with_the_corpus_that_it_has_begun_with(trained: Trained) -> None:
    assert trained.stopped.status == 1, trained.stopped.terminal
    assert trained.refused.status == 2, trained.refused.terminal
    assert 'source was "--prepared" and is "data.input".' in trained.refused.terminal
    assert re.search(r"going on from the checkpoint of epoch [12], step \d+", trained.ended.terminal)


def test_the_model_is_trained_on_what_the_manifest_counts(trained: Trained, corpus: Corpus) -> None:
    result = result_of(trained.out)
    manifest = corpus.manifest
    assert result["rows"]["read"] == manifest.read
    assert result["rows"]["fed"] == manifest.documents
    assert set(result["rows"]["trained"]) == {manifest.documents["train"]}
    assert result["test"]["rows"] == manifest.documents["test"]
    assert result["rejected"] == manifest.rejected
    assert (result["prepared"], result["prepared_hash"]) == (corpus.uri, corpus.manifest.hash)
    assert (trained.out / "quarantine.jsonl").read_text(encoding="utf-8") == corpus.quarantine
    vocabulary = (trained.out / "vocabulary-word.txt").read_text(encoding="utf-8").splitlines()
    assert tuple(vocabulary) == corpus.language.vocabularies["word"].tokens


def test_the_model_takes_raw_text(command: Command, trained: Trained) -> None:
    outcome = command(["textcnn", "predict", trained.out, "--text", "质量不错，很喜欢", "--json"])
    assert outcome.status == 0, outcome.terminal
    assert json.loads(outcome.stdout)["label"] in ("negative", "positive")


@pytest.mark.skipif("TNEWS" not in os.environ, reason="TNEWS does not name the folder of train.tsv and dev.tsv")
def test_tnews_is_prepared(command: Command, tmp_path: Path) -> None:
    folder = os.environ["TNEWS"]
    files = [f"data.train={folder}/train.tsv", f"data.test={folder}/dev.tsv"]
    changes = [part for change in files for part in ("--set", change)]
    arguments = ["--output", tmp_path / "corpus", "--out", tmp_path / "out"]
    outcome = command(["textcnn", "prepare", "examples/tnews.toml", *changes, *arguments])
    assert outcome.status == 0, outcome.terminal
    manifest = read(str(tmp_path / "corpus")).manifest
    assert len(manifest.labels) == 15
    assert manifest.settings["data.test_fraction"] == "an input of its own"
    assert manifest.read == sum(
        len(Path(folder, name).read_text(encoding="utf-8").splitlines()) for name in ("train.tsv", "dev.tsv")
    )

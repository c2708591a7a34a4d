"""The main job on real executors: from raw rows to a model that answers."""

import json
import os
import re
import shutil
from base64 import b64encode
from collections import Counter
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from run.config import TextConfig
from tests.integration.conftest import Command, Outcome
from text.preparation import Preparation
from text.records import split_of
from text.segmenter import Segmenter
from text.vocabulary import Vocabulary

pytestmark = pytest.mark.integration

SMALL = [
    'text.views=["word","char"]',
    "text.max_length=40",
    "model.embedding_size=32",
    "model.filters=16",
    "model.widths=[2,3]",
]
BAD_ROWS = ['{"text": "没有标签"}', '{"text": "", "label": "positive"}', "not JSON"]
KEYS = "keys.txt"
WRITE_KEYS = """
import secrets, sys, uuid

def written(make, bytes_of):
    def made(*arguments):
        key, maker = make(*arguments), sys._getframe(1).f_globals["__name__"]
        if maker.startswith(("spark_driver", "tensorflowonspark")):
            with open(KEYS, "a") as file:
                file.write(f"{maker} {bytes_of(key).hex()}\\n")
        return key
    return made

secrets.token_bytes = written(secrets.token_bytes, bytes)
uuid.uuid4 = written(uuid.uuid4, lambda made: made.bytes)
"""
"""Python runs it at its start, in every process: it writes down each key of the run, with the module that makes it."""
STOP_WORDS = ["的", "了"]
USER_DICTIONARY = ["质量不错 1000 n"]


def small(*changes: str) -> list[str]:
    """Returns --set arguments for a model that trains in seconds."""
    return [part for change in (*SMALL, *changes) for part in ("--set", change)]


@pytest.fixture(scope="module")
def run(
    command: Command, reviews: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Outcome]:
    """A run over two thousand reviews and three rows that cannot be used."""
    folder = tmp_path_factory.mktemp("run")
    rows = [json.dumps(row, ensure_ascii=False) for row in reviews]
    (folder / "reviews.jsonl").write_text("\n".join([*rows[:700], *BAD_ROWS, *rows[700:]]) + "\n", encoding="utf-8")
    (folder / "stop_words.txt").write_text("\n".join(STOP_WORDS), encoding="utf-8")
    (folder / "words.txt").write_text("\n".join(USER_DICTIONARY), encoding="utf-8")
    changes = small(
        f"data.input={folder}/reviews.jsonl",
        f"text.stop_words={folder}/stop_words.txt",
        f"text.user_dictionary={folder}/words.txt",
        "train.epochs=4",
        "train.batch_size=64",
        "train.learning_rate=0.003",
    )
    (folder / "tmp").mkdir()
    (folder / "python").mkdir()
    (folder / "python" / "sitecustomize.py").write_text(
        f"KEYS = {str(folder / KEYS)!r}\n{WRITE_KEYS}", encoding="utf-8"
    )
    environment = [
        f"TMPDIR={folder}/tmp",
        f"JDK_JAVA_OPTIONS=-Djava.io.tmpdir={folder}/tmp",
        f"PYTHONPATH={folder}/python:{os.environ.get('PYTHONPATH', '')}",
    ]
    train = ["textcnn", "train", "examples/reviews.toml", *changes, "--out", folder / "out"]
    outcome = command(["env", *environment, *train])
    assert outcome.status == 0, outcome.terminal
    return folder / "out", outcome


def result_of(folder: Path) -> dict[str, Any]:
    result: dict[str, Any] = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    return result


def test_every_row_is_accounted_for(run: tuple[Path, Outcome], reviews: list[dict[str, Any]]) -> None:
    result = result_of(run[0])
    splits = Counter(split_of(row["text"], 0.1, 0.1) for row in reviews)
    assert result["status"] == "succeeded"
    assert result["error"] is None
    assert result["rows"] == {
        "read": len(reviews) + len(BAD_ROWS),
        "quarantined": len(BAD_ROWS),
        "train": splits["train"],
        "validation": splits["validation"],
        "test": splits["test"],
        "unlabelled": None,
        "fed": {split: splits[split] for split in ("train", "validation", "test")},
        "trained": [splits["train"]] * result["epochs"],
    }


def test_it_learns_and_says_how_fast(run: tuple[Path, Outcome]) -> None:
    result = result_of(run[0])
    assert result["test"]["accuracy"] > 0.6  # of two equal classes
    assert result["test"]["rows"] == result["rows"]["test"]
    assert result["documents_per_second"] > 0
    assert 1 <= result["epochs"] <= 4
    assert all(seconds > 0 for seconds in result["seconds"].values())


def test_the_terminal_shows_progress_and_outcome(run: tuple[Path, Outcome]) -> None:
    folder, outcome = run
    progress = r"epoch 1/4, step \d+/\d+, [\d,]+ documents/s, loss [\d.]+, .* at most \d+ s left"
    assert re.search(progress, outcome.terminal)
    assert re.search(r"epoch 1: \d+ documents in [\d.]+ s, .* validation accuracy [\d.]+ %", outcome.terminal)
    assert re.search(r"test accuracy [\d.]+ %, macro-F1 [\d.]+ %, \d+ documents", outcome.terminal)
    assert f"model: {folder}/model/1" in outcome.terminal


def test_the_run_is_a_folder(run: tuple[Path, Outcome]) -> None:
    folder = run[0]
    quarantine = [json.loads(line) for line in (folder / "quarantine.jsonl").read_text(encoding="utf-8").splitlines()]
    assert sorted(row["reason"] for row in quarantine) == ["empty text", "no label", "not JSON"]
    assert json.loads((folder / "config.json").read_text(encoding="utf-8"))["train"]["epochs"] == 4
    metrics = folder / "metrics" / f"{result_of(folder)['run']}.jsonl"
    kinds = Counter(json.loads(line)["kind"] for line in metrics.read_text(encoding="utf-8").splitlines())
    assert kinds["EpochDone"] == result_of(folder)["epochs"]
    assert "positive" in (folder / "report.html").read_text(encoding="utf-8")
    card = json.loads((folder / "data_card.json").read_text(encoding="utf-8"))
    rows = result_of(folder)["rows"]
    assert card["documents"] == {split: rows[split] for split in ("train", "validation", "test")}
    assert all(of_class["telling"] for of_class in card["classes"])
    assert all(f"warning: {warning}" in run[1].terminal for warning in card["warnings"])
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert sum(of_range["documents"] for of_range in report["test"]["calibration"]["ranges"]) == rows["test"]
    assert report["test"]["mistakes"]
    assert len(json.loads((folder / "test.json").read_text(encoding="utf-8"))["documents"]) == rows["test"]
    assert len(list(folder.glob("logs/*/*/stderr"))) == 2
    assert (folder / "logs/driver.log").exists()


def test_nothing_is_left_in_the_temporary_folder_nor_beside_the_logs(run: tuple[Path, Outcome]) -> None:
    assert list((run[0].parent / "tmp").iterdir()) == []
    for executor in run[0].glob("logs/*/*/"):
        assert {file.name for file in executor.iterdir()} == {"executor_id", "stderr", "stdout"}


def test_no_key_is_in_a_log_in_the_records_or_on_the_terminal(run: tuple[Path, Outcome]) -> None:
    folder, outcome = run
    made = [line.split() for line in (folder.parent / KEYS).read_text(encoding="utf-8").splitlines()]
    makers = {"spark_driver.event_server": 1, "spark_driver.tfos": 2, "tensorflowonspark.TFSparkNode": 2}
    assert Counter(maker for maker, _ in made) == makers
    records = [file for file in folder.rglob("*") if file.is_file() and "model" not in file.parts]
    assert {"driver.log", "stderr", "stdout", "result.json"} <= {file.name for file in records}
    said = "\n".join([outcome.terminal, *(file.read_text(encoding="utf-8", errors="replace") for file in records)])
    for key in (bytes.fromhex(digits) for _, digits in made):
        for written in (key.hex(), repr(key)[2:-1], b64encode(key).decode(), str(UUID(bytes=key[:16]))):
            assert written not in said


def test_the_vocabularies_are_the_same_wherever_they_are_counted(
    run: tuple[Path, Outcome], reviews: list[dict[str, Any]]
) -> None:
    segmenter = Segmenter(user_dictionary=tuple(USER_DICTIONARY), stop_words=frozenset(STOP_WORDS))
    text = TextConfig(views=("word", "char"), max_length=40)
    preparation = Preparation.of(text, segmenter, lambda _: "train")
    training = [preparation.tokens(row["text"]) for row in reviews if split_of(row["text"], 0.1, 0.1) == "train"]
    for view in preparation.views:
        counts = Counter(token for tokens in training for token in tokens[view])
        vocabulary = Vocabulary.of_counts(counts, text.vocabulary_size, text.min_count)
        expected = "".join(f"{token}\n" for token in vocabulary.tokens)
        assert (run[0] / f"vocabulary-{view}.txt").read_bytes() == expected.encode()
        assert (run[0] / f"model/1/assets/vocabulary-{view}.txt").read_bytes() == expected.encode()
        assert ("质量不错\n" in expected) == (view == "word")


def test_the_model_predicts_in_order(run: tuple[Path, Outcome], command: Command, tmp_path: Path) -> None:
    (tmp_path / "texts").write_text("很好\n\n很差\n", encoding="utf-8")
    outcome = command(["textcnn", "predict", run[0], tmp_path / "texts", "--json", "--text", "不错"])
    assert outcome.status == 0, outcome.terminal
    answers = [json.loads(line) for line in outcome.stdout.splitlines()]
    assert [answer["text"] for answer in answers] == ["不错", "很好", "", "很差"]
    for answer in answers:
        assert set(answer["probabilities"]) == {"negative", "positive"}
        assert answer["label"] == max(answer["probabilities"], key=answer["probabilities"].get)
        assert answer["score"] == answer["probabilities"][answer["label"]]
        assert sum(answer["probabilities"].values()) == pytest.approx(1, abs=1e-5)


def test_the_model_judges_the_test_documents_as_the_run_did(
    run: tuple[Path, Outcome], command: Command, reviews: list[dict[str, Any]], tmp_path: Path
) -> None:
    tests = [row for row in reviews if split_of(row["text"], 0.1, 0.1) == "test"]
    data = tmp_path / "test.jsonl"
    data.write_text(
        "".join(json.dumps(row) + "\n" for row in tests) + '{"text": "?", "label": "neutral"}\n', encoding="utf-8"
    )
    outcome = command(["textcnn", "evaluate", run[0], data, "--json"])
    assert "1 rows left out (label that training never saw: 1)" in outcome.stderr
    judged, result = json.loads(outcome.stdout), result_of(run[0])["test"]
    assert judged["accuracy"] == pytest.approx(result["accuracy"])
    assert judged["macro_f1"] == pytest.approx(result["macro_f1"])
    assert judged["rows"] == result["rows"]
    assert np.sum(judged["confusion_matrix"]) == judged["rows"]
    assert judged["labels"] == ["negative", "positive"]


def test_a_second_run_into_the_folder_replaces_the_records_and_adds_a_version(
    run: tuple[Path, Outcome], command: Command, reviews: list[dict[str, Any]], tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(run[0], tmp_path / "out"))
    first = result_of(folder)
    (tmp_path / "reviews.jsonl").write_text("".join(json.dumps(row) + "\n" for row in reviews[::5]), encoding="utf-8")
    texts = [json.dumps({"text": row["text"]}) + "\n" for row in reviews[1::5]]
    (tmp_path / "texts.jsonl").write_text("".join(texts), encoding="utf-8")
    changes = small(
        f"data.input={tmp_path}/reviews.jsonl",
        f"data.unlabelled={tmp_path}/texts.jsonl",
        "model.vectors=corpus",
        "train.epochs=1",
        'text.views=["word"]',
    )
    outcome = command(["textcnn", "train", "examples/reviews.toml", *changes, "--out", folder])
    assert outcome.status == 0, outcome.terminal
    assert re.search(r"of [\d,]+ words begin with a vector of the corpus", outcome.terminal), outcome.terminal
    second = result_of(folder)
    assert second["run"] != first["run"]
    assert second["model"] == f"{folder}/model/2"
    assert second["rows"]["read"] == len(reviews[::5]) + len(texts)
    assert second["rows"]["unlabelled"] == len(texts)
    assert {file.name for file in (folder / "metrics").iterdir()} == {f"{r['run']}.jsonl" for r in (first, second)}
    assert (folder / "quarantine.jsonl").read_text(encoding="utf-8") == ""
    assert not (folder / "vocabulary-char.txt").exists()
    for file in (run[0] / "model/1").rglob("*.pb"):
        assert (folder / "model/1" / file.relative_to(run[0] / "model/1")).read_bytes() == file.read_bytes()


def test_plain_spark_submit_with_fewer_documents_than_workers(command: Command, tmp_path: Path) -> None:
    (tmp_path / "train.tsv").write_text("很好看\t好评\n不好看\t差评\n", encoding="utf-8")
    (tmp_path / "dev.tsv").write_text("好看\t好评\n难看\t没见过\n", encoding="utf-8")
    changes = small(
        f"data.train={tmp_path}/train.tsv",
        f"data.validation={tmp_path}/dev.tsv",
        "data.test_fraction=0",
        "data.max_bad_fraction=0.5",
        "text.min_count=1",
    )
    arguments = ["--config", "examples/tnews.toml", *changes, "--out", tmp_path / "out"]
    outcome = command(["spark-submit", "--master", "local-cluster[3,1,1024]", "spark_driver/train.py", *arguments])
    assert outcome.status == 0, outcome.terminal
    result = result_of(tmp_path / "out")
    assert result["rows"] == {
        "read": 4,
        "quarantined": 1,
        "train": 2,
        "validation": 1,
        "test": 0,
        "unlabelled": None,
        "fed": {"train": 2, "validation": 1, "test": 0},
        "trained": [2] * result["epochs"],
    }
    assert result["rejected"] == {"label that training never saw": 1}
    assert result["test"] is None
    assert Path(result["model"]).is_dir()


def test_data_that_cannot_be_used_ends_with_status_2(command: Command, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "很好", "label": "好评"}\n' * 9, encoding="utf-8")
    changes = small(f"data.input={tmp_path}/a.jsonl")
    outcome = command(["textcnn", "train", "examples/reviews.toml", *changes, "--out", tmp_path / "out"])
    assert outcome.status == 2
    assert "at least two labels" in outcome.terminal
    assert "Traceback" not in outcome.terminal
    assert result_of(tmp_path / "out")["status"] == "failed"
    assert not (tmp_path / "out" / "model").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--set", "train.epocs=3"], "Did you mean 'train.epochs'"),
        (["--profile", "nowhere"], "Known: local"),
        (["--out", "/dev/null/out"], "cannot be written"),
    ],
)
def test_what_can_be_known_before_is_said_before(command: Command, arguments: list[str], message: str) -> None:
    outcome = command(["textcnn", "train", "examples/reviews.toml", *arguments])
    assert outcome.status == 2
    assert message in outcome.terminal

"""A comparison on real executors: a network of ours with two seeds and some of Spark ML's models, on one data set."""

import json
from pathlib import Path
from statistics import mean
from typing import Any

import pytest

from run.baselines import Baseline
from tests.integration.conftest import Command, Outcome
from tests.pages import Page

pytestmark = pytest.mark.integration

BASELINES: list[Baseline] = ["ml_naive_bayes", "ml_decision_tree"]
"""Those that take seconds; tests/spark_driver/test_baselines.py has all."""
MODELS = ["mlp", *BASELINES]


@pytest.fixture(scope="module")
def compared(
    command: Command, reviews: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Outcome]:
    folder = tmp_path_factory.mktemp("compared")
    (folder / "reviews.jsonl").write_text(
        "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in reviews), encoding="utf-8"
    )
    changes = (
        f"data.input={folder}/reviews.jsonl",
        'text.views=["word"]',
        "model.embedding_size=16",
        "train.epochs=3",
    )
    sets = [part for change in changes for part in ("--set", change)]
    outcome = command(
        [
            *("textcnn", "compare", "examples/reviews.toml", "--models", *MODELS, "--seeds", "1", "2"),
            *(*sets, "--out", folder / "out"),
        ]
    )
    assert outcome.status == 0, outcome.terminal
    return folder / "out", outcome


def test_every_model_is_judged_on_the_same_documents_and_has_learned(compared: tuple[Path, Outcome]) -> None:
    rows = json.loads((compared[0] / "comparison.json").read_text(encoding="utf-8"))
    assert {row["model"] for row in rows} == set(MODELS)
    assert len({row["quality"]["rows"] for row in rows}) == 1
    assert all(row["quality"]["accuracy"] > 0.55 for row in rows)  # half of the reviews are positive
    assert all(row["seconds"] > 0 for row in rows)


def test_the_network_is_trained_with_each_seed(compared: tuple[Path, Outcome]) -> None:
    rows = json.loads((compared[0] / "comparison.json").read_text(encoding="utf-8"))
    seeds = {row["model"]: [run["seed"] for run in row["seeds"]] for row in rows}
    assert seeds == {"mlp": [1, 2], "ml_naive_bayes": [None], "ml_decision_tree": [None]}
    (mlp,) = (row for row in rows if row["model"] == "mlp")
    assert mlp["quality"]["accuracy"] == pytest.approx(mean(run["quality"]["accuracy"] for run in mlp["seeds"]))


def test_the_best_model_comes_first(compared: tuple[Path, Outcome]) -> None:
    rows = json.loads((compared[0] / "comparison.json").read_text(encoding="utf-8"))
    accuracies = [row["quality"]["accuracy"] for row in rows]
    assert accuracies == sorted(accuracies, reverse=True)
    names = [line.split("│")[1].strip() for line in compared[1].stdout.splitlines() if line.startswith("│")]
    assert [name for name in names if name in MODELS] == [*(row["model"] for row in rows), "mlp"]  # the last of seeds


def test_every_model_is_held_against_the_best_document_by_document(compared: tuple[Path, Outcome]) -> None:
    best, *others = json.loads((compared[0] / "comparison.json").read_text(encoding="utf-8"))
    assert best["against_best"] is None
    for row in others:
        test, lead = row["against_best"], best["quality"]["accuracy"] - row["quality"]["accuracy"]
        # The copies of a document are one, so that fewer are counted than were judged.
        assert test["documents"] <= row["quality"]["rows"]
        assert test["lead"] * test["documents"] == pytest.approx(lead * row["quality"]["rows"], abs=5)
        assert test["low"] <= test["lead"] <= test["high"]
    page = Page((compared[0] / "comparison.html").read_text(encoding="utf-8"))
    assert page.has("Against the best", "Chance", "Training", "Documents/s", "Model, MB", best["model"])


def test_each_model_has_the_records_of_a_run(compared: tuple[Path, Outcome]) -> None:
    results = {
        name: json.loads((compared[0] / name / "result.json").read_text(encoding="utf-8"))
        for name in ("mlp-seed-1", "mlp-seed-2", "spark_ml")
    }
    assert {result["status"] for result in results.values()} == {"succeeded"}
    assert len({result["rows"]["train"] for result in results.values()}) == 1
    assert results["spark_ml"]["members"].keys() == set(BASELINES)

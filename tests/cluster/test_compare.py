"""A comparison: which runs it makes, and what it says when one fails."""

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from rich.console import Console

from cluster.compare import compare
from cluster.spark_submit import Launch
from run.result import Quality, Result
from tests import pages
from tests.pages import Page

CLASSES = [0, 1] * 20
"""Of the test documents."""
TRAIN, BASELINES = Path("train.py"), Path("baselines.py")


class Runs:
    """Keeps what was launched, and leaves the result of each behind, as a driver does."""

    def __init__(self, results: dict[str, Result], answers: Mapping[str, Mapping[str, Sequence[int]]] | None = None):
        """Takes the result of each folder, and what the models of a folder answer to the test documents."""
        self._results = results
        self._answers = answers or {}
        self.launched: list[Launch] = []

    def __call__(self, launch: Launch) -> int:
        self.launched.append(launch)
        result = self._results[Path(launch.out).name]
        Path(launch.out).mkdir(parents=True, exist_ok=True)
        (Path(launch.out) / "result.json").write_text(result.to_json(), encoding="utf-8")
        if answers := self._answers.get(Path(launch.out).name):
            documents = list(zip(range(len(CLASSES)), CLASSES, *answers.values(), strict=True))
            test = {"view": "word", "models": list(answers), "documents": documents}
            (Path(launch.out) / "test.json").write_text(json.dumps(test), encoding="utf-8")
        return result.exit_status


def succeeded(test: float, seconds: float, **members: float) -> Result:
    alone = {name.replace("_", " "): Quality(value, value, 40) for name, value in members.items()}
    result = Result(status="succeeded", exit_status=0, test=Quality(test, test, 40), members=alone)
    result.seconds.train = seconds
    return result


def classical(**members: float) -> Result:
    result = Result(status="succeeded", exit_status=0, members={n: Quality(v, v, 40) for n, v in members.items()})
    result.model_seconds = dict.fromkeys(members, 2.0)
    return result


def right(number: int) -> list[int]:
    """Answers of which so many are right."""
    return [label if i < number else 1 - label for i, label in enumerate(CLASSES)]


@pytest.fixture
def launch(tmp_path: Path) -> Launch:
    run_file = tmp_path / "run.toml"
    run_file.write_text('name = "reviews"\ndata.input = "<b>=1+1</b>"\n', encoding="utf-8")
    out = tmp_path / "out"
    return Launch(name="reviews", script=TRAIN, run_file=run_file, changes=["train.epochs=1"], out=str(out))


def test_a_network_is_run_by_itself_the_mixture_as_it_is_and_all_baselines_at_once(launch: Launch) -> None:
    runs = Runs(
        {
            "textrnn": succeeded(0.9, 3.0, textrnn=0.8),
            "mixture": succeeded(0.7, 4.0),
            "spark_ml": classical(ml_naive_bayes=0.6, ml_linear_svm=0.75),
        }
    )
    console = Console(file=io.StringIO(), width=100)
    models = ["ml_naive_bayes", "textrnn", "mixture", "ml_linear_svm"]
    assert compare(models, launch, BASELINES, runs, console) == 0
    rnn, mixture, baselines = runs.launched
    assert (rnn.script, rnn.changes) == (TRAIN, ["train.epochs=1", 'model.networks=["textrnn"]'])
    assert (mixture.script, mixture.changes) == (TRAIN, ["train.epochs=1"])
    assert (baselines.script, baselines.options) == (BASELINES, ["--models", "ml_naive_bayes", "ml_linear_svm"])
    rows = json.loads(Path(launch.out, "comparison.json").read_text(encoding="utf-8"))
    # The network's own accuracy, not that of its mixture with naive Bayes; the best comes first.
    assert [(row["model"], row["quality"]["accuracy"], row["seconds"]) for row in rows] == [
        ("textrnn", 0.8, 3.0),
        ("ml_linear_svm", 0.75, 2.0),
        ("mixture", 0.7, 4.0),
        ("ml_naive_bayes", 0.6, 2.0),
    ]
    assert isinstance(console.file, io.StringIO)
    assert "80.00 %" in console.file.getvalue()


def test_the_published_models_size_and_the_speed_of_training_are_told_where_there_are_any(launch: Launch) -> None:
    trained = succeeded(0.7, 4.0)
    published = Path(launch.out, "mixture", "model", "1")
    trained.model, trained.documents_per_second = str(published), 1234.4
    (published / "variables").mkdir(parents=True)
    (published / "saved_model.pb").write_bytes(b"x" * 1_500_000)
    (published / "variables" / "variables.index").write_bytes(b"x" * 1_000_000)
    runs = Runs({"mixture": trained, "spark_ml": classical(ml_naive_bayes=0.6)})
    console = Console(file=io.StringIO(), width=100)
    assert compare(["mixture", "ml_naive_bayes"], launch, BASELINES, runs, console) == 0
    rows = json.loads(Path(launch.out, "comparison.json").read_text(encoding="utf-8"))
    assert [(row["size"], row["documents_per_second"]) for row in rows] == [(2_500_000, 1234.4), (None, None)]
    assert isinstance(console.file, io.StringIO)
    mixture, counting = (line for line in console.file.getvalue().splitlines() if "mixture" in line or "ml_" in line)
    assert "1,234" in mixture
    assert "2.5" in mixture
    assert counting.count("–") == 3


@pytest.fixture
def compared(launch: Launch) -> tuple[Path, str]:
    """The folder of a comparison of three models, and what a person is told."""
    runs = Runs(
        {"textrnn": succeeded(0.7, 3.0, textrnn=0.875), "spark_ml": classical(ml_naive_bayes=0.65, ml_linear_svm=0.85)},
        {
            "textrnn": {"model": right(20), "textrnn": right(35)},
            "spark_ml": {"ml_naive_bayes": right(26), "ml_linear_svm": right(34)},
        },
    )
    console = Console(file=io.StringIO(), width=120)
    assert compare(["textrnn", "ml_naive_bayes", "ml_linear_svm"], launch, BASELINES, runs, console) == 0
    assert isinstance(console.file, io.StringIO)
    return Path(launch.out), console.file.getvalue()


def test_the_others_are_held_against_the_best_on_the_same_documents(compared: tuple[Path, str]) -> None:
    folder, said = compared
    best, svm, bayes = json.loads((folder / "comparison.json").read_text(encoding="utf-8"))
    assert best["against_best"] is None
    # The network's own answers, not those of its mixture with naive Bayes.
    assert (svm["against_best"]["first"], svm["against_best"]["second"], svm["against_best"]["p"]) == (1, 0, 1.0)
    assert (bayes["against_best"]["first"], bayes["against_best"]["second"]) == (9, 0)
    assert bayes["against_best"]["p"] == pytest.approx(2 * 2 / 2**9)  # of two models
    assert {line.split("│")[1].strip(): line.split("│")[4].strip() for line in said.splitlines() if "│" in line} == {
        "textrnn": "–",
        "ml_linear_svm": "not surely worse",
        "ml_naive_bayes": "worse",
    }


def test_the_page_has_a_row_for_each_model_with_its_interval_and_what_is_real(compared: tuple[Path, str]) -> None:
    folder, said = compared
    assert f"page: {folder}/comparison.html" in said
    text = (folder / "comparison.html").read_text(encoding="utf-8")
    pages.check_loads_nothing(text)
    page = Page(text)
    assert page.has("reviews", "textrnn is first; it is not surely better than ml_linear_svm")
    assert page.has("Model", "Test accuracy", "95 % interval", "Macro-F1", "Against the best", "Chance", "Training")
    assert page.has("textrnn", "87.50 %", "73.9–94.5 %", "87.50 %", "the best", "–", "3.0 s", "–", "–")
    assert page.has(
        "ml_linear_svm", "85.00 %", "70.9–92.9 %", "85.00 %", "not surely worse, 1 : 0", "100.00 %", "2.0 s"
    )
    assert page.has("ml_naive_bayes", "65.00 %", "49.5–77.9 %", "65.00 %", "worse, 9 : 0", "0.78 %", "2.0 s")
    assert next(value for key, value in page.attributes if key == "style") == "--low:0.541;--value:0.844;--high:1.0"
    assert page.has("data.input", "<b>=1+1</b>")
    assert "b" not in page.tags


@pages.in_a_browser
def test_nothing_sticks_out_of_the_page(compared: tuple[Path, str]) -> None:
    pages.check_in_a_browser(compared[0] / "comparison.html")


def test_without_test_documents_there_is_nothing_to_compare_but_time(launch: Launch) -> None:
    result = succeeded(0.0, 3.0)
    result.test = None
    assert compare(["mixture"], launch, BASELINES, Runs({"mixture": result}), Console(file=io.StringIO())) == 0
    (row,) = json.loads(Path(launch.out, "comparison.json").read_text(encoding="utf-8"))
    assert (row["quality"], row["seconds"]) == (None, 3.0)


def test_the_first_run_that_fails_ends_the_comparison_with_its_status(launch: Launch) -> None:
    runs = Runs({"mlp": Result(exit_status=2), "mixture": succeeded(0.7, 4.0)})
    assert compare(["mlp", "mixture"], launch, BASELINES, runs, Console(file=io.StringIO())) == 2
    assert len(runs.launched) == 1
    assert not Path(launch.out, "comparison.json").exists()

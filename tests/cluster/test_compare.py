"""A comparison: which runs it makes, and what it says when one fails."""

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from cluster.compare import compare
from cluster.spark_submit import Launch
from run.result import Quality, Result

TRAIN, BASELINES = Path("train.py"), Path("baselines.py")


class Runs:
    """Keeps what was launched, and leaves the result of each behind, as a driver does."""

    def __init__(self, results: dict[str, Result]):
        self._results = results
        self.launched: list[Launch] = []

    def __call__(self, launch: Launch) -> int:
        self.launched.append(launch)
        result = self._results[Path(launch.out).name]
        Path(launch.out).mkdir(parents=True, exist_ok=True)
        (Path(launch.out) / "result.json").write_text(result.to_json(), encoding="utf-8")
        return result.exit_status


def succeeded(test: float, seconds: float, **members: float) -> Result:
    alone = {name.replace("_", " "): Quality(value, value, 10) for name, value in members.items()}
    result = Result(status="succeeded", exit_status=0, test=Quality(test, test, 10), members=alone)
    result.seconds.train = seconds
    return result


def classical(**members: float) -> Result:
    result = Result(status="succeeded", exit_status=0, members={n: Quality(v, v, 10) for n, v in members.items()})
    result.model_seconds = dict.fromkeys(members, 2.0)
    return result


@pytest.fixture
def launch(tmp_path: Path) -> Launch:
    return Launch(
        name="reviews", script=TRAIN, run_file=Path("run.toml"), changes=["train.epochs=1"], out=str(tmp_path)
    )


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
    assert counting.count("–") == 2


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

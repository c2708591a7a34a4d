"""A comparison: which runs it makes, and what it says when one fails."""

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

import textcnn
from cluster.compare import compare, planned
from cluster.spark_submit import Launch
from run.errors import SettingsError
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
        place = launch.out.partition("/out/")[2]
        result = self._results[place]
        Path(launch.out).mkdir(parents=True, exist_ok=True)
        (Path(launch.out) / "result.json").write_text(result.to_json(), encoding="utf-8")
        if answers := self._answers.get(place):
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


def launch_of(name: str, folder: Path) -> Launch:
    run_file = folder / f"{name}.toml"
    run_file.write_text(f'name = "{name}"\ndata.input = "<b>=1+1</b>"\n', encoding="utf-8")
    return Launch(name=name, script=TRAIN, run_file=run_file, changes=["train.epochs=1"], out=str(folder / "out"))


@pytest.fixture
def launch(tmp_path: Path) -> Launch:
    return launch_of("reviews", tmp_path)


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
    assert compare(models, [launch], (), BASELINES, runs, console) == 0
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
    assert compare(["mixture", "ml_naive_bayes"], [launch], (), BASELINES, runs, console) == 0
    rows = json.loads(Path(launch.out, "comparison.json").read_text(encoding="utf-8"))
    assert [(row["size"], row["documents_per_second"]) for row in rows] == [(2_500_000, 1234.4), (None, None)]
    assert isinstance(console.file, io.StringIO)
    mixture, counting = (
        line for line in console.file.getvalue().splitlines() if line.startswith(("│ mixture", "│ ml_"))
    )
    assert "1,234" in mixture
    assert "2.5" in mixture
    assert counting.count("–") == 3


def test_a_narrow_terminal_has_the_whole_names_of_models(launch: Launch) -> None:
    runs = Runs({"spark_ml": classical(ml_multilayer_perceptron=0.6, ml_linear_svm=0.5)})
    console = Console(file=io.StringIO(), width=80)
    assert compare(["ml_multilayer_perceptron", "ml_linear_svm"], [launch], (), BASELINES, runs, console) == 0
    assert isinstance(console.file, io.StringIO)
    assert "│ ml_multilayer_perceptron │" in console.file.getvalue()


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
    assert compare(["textrnn", "ml_naive_bayes", "ml_linear_svm"], [launch], (), BASELINES, runs, console) == 0
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
    assert compare(["mixture"], [launch], (), BASELINES, Runs({"mixture": result}), Console(file=io.StringIO())) == 0
    (row,) = json.loads(Path(launch.out, "comparison.json").read_text(encoding="utf-8"))
    assert (row["quality"], row["seconds"]) == (None, 3.0)


def test_the_first_run_that_fails_ends_the_comparison_with_its_status(launch: Launch) -> None:
    runs = Runs({"mlp": Result(exit_status=2), "mixture": succeeded(0.7, 4.0)})
    assert compare(["mlp", "mixture"], [launch], (), BASELINES, runs, Console(file=io.StringIO())) == 2
    assert len(runs.launched) == 1
    assert not Path(launch.out, "comparison.json").exists()


# Several seeds


def test_each_network_is_trained_with_each_seed_and_the_classical_models_once(launch: Launch) -> None:
    runs = planned(["mixture", "ml_naive_bayes", "mlp"], [launch], [3, 1], BASELINES)
    assert [(Path(run.launch.out).name, run.seed) for run in runs] == [
        ("mixture-seed-3", 3),
        ("mixture-seed-1", 1),
        ("mlp-seed-3", 3),
        ("mlp-seed-1", 1),
        ("spark_ml", None),
    ]
    assert runs[2].launch.changes == ["train.epochs=1", 'model.networks=["mlp"]', "train.seed=3"]
    assert runs[4].launch.changes == ["train.epochs=1"]


def test_without_seeds_each_has_the_run_files_own(launch: Launch) -> None:
    assert [run.seed for run in planned(["mlp", "ml_naive_bayes"], [launch], (), BASELINES)] == [1, None]


def test_a_seed_that_cannot_be_used_is_refused_before_anything_is_trained(launch: Launch) -> None:
    with pytest.raises(SettingsError, match=r"train\.seed.*-1"):
        planned(["mlp"], [launch], [1, -1], BASELINES)


def over_seeds(place: str, networks: Sequence[int], bayes: int) -> Runs:
    """What an mlp with several seeds and naive Bayes leave, which get so many documents right."""
    outs = [f"{place}mlp-seed-{seed}" for seed in range(1, 1 + len(networks))]
    trained = {
        out: succeeded(0.5, 3.0 + seed, mlp=number / len(CLASSES))
        for seed, (out, number) in enumerate(zip(outs, networks, strict=True))
    }
    answers = {out: {"model": right(20), "mlp": right(number)} for out, number in zip(outs, networks, strict=True)}
    return Runs(
        trained | {f"{place}spark_ml": classical(ml_naive_bayes=bayes / len(CLASSES))},
        answers | {f"{place}spark_ml": {"ml_naive_bayes": right(bayes)}},
    )


@pytest.fixture
def seeds(launch: Launch) -> tuple[Path, str]:
    """The folder of a comparison of three seeds, and what a person is told."""
    console = Console(file=io.StringIO(), width=140)
    runs = over_seeds("", [35, 36, 34], 20)
    assert compare(["mlp", "ml_naive_bayes"], [launch], [1, 2, 3], BASELINES, runs, console) == 0
    assert isinstance(console.file, io.StringIO)
    return Path(launch.out), console.file.getvalue()


def test_a_models_figures_are_means_over_its_seeds(seeds: tuple[Path, str]) -> None:
    folder, said = seeds
    mlp, bayes = json.loads((folder / "comparison.json").read_text(encoding="utf-8"))
    assert (mlp["model"], mlp["data"], mlp["quality"]["accuracy"], mlp["seconds"]) == ("mlp", "reviews", 0.875, 4.0)
    assert mlp["deviation"] == pytest.approx(0.025)
    assert [(run["seed"], run["quality"]["accuracy"]) for run in mlp["seeds"]] == [(1, 0.875), (2, 0.9), (3, 0.85)]
    assert mlp["interval"][0] < 0.875 < mlp["interval"][1]
    assert (bayes["deviation"], [run["seed"] for run in bayes["seeds"]]) == (None, [None])
    assert "run 4 of 4" in said
    assert "87.50 % ± 2.50" in said


def test_over_seeds_the_lead_of_the_best_is_told_with_its_interval(seeds: tuple[Path, str]) -> None:
    folder, said = seeds
    best, bayes = json.loads((folder / "comparison.json").read_text(encoding="utf-8"))
    assert best["against_best"] is None
    test = bayes["against_best"]
    assert (test["documents"], test["lead"]) == (40, pytest.approx(0.375))
    assert 0 < test["low"] < 0.375 < test["high"]
    assert test["p"] < 0.001
    assert "│            worse │" in said


def test_the_page_has_a_column_for_each_seed(seeds: tuple[Path, str]) -> None:
    page = Page((seeds[0] / "comparison.html").read_text(encoding="utf-8"))
    assert page.has("reviews", "mlp is better than all others")
    assert page.has("mlp", "87.50 % ± 2.50", "76.5–98.5 %", "87.50 %", "the best", "–", "4.0 s")
    assert page.has("Model", "Seed 1", "Seed 2", "Seed 3", "mlp", "87.50 %", "90.00 %", "85.00 %", "Configuration")
    assert page.has("train.seed", "[1, 2, 3]")


# Several data sets


def test_run_files_with_seeds_of_their_own_are_not_several_seeds(tmp_path: Path) -> None:
    launches = [
        replace(launch_of(name, tmp_path), changes=[f"train.seed={seed}"])
        for seed, name in enumerate(("reviews", "news"), 1)
    ]
    runs = Runs({f"{name}/mlp": succeeded(0.7, 3.0, mlp=0.8) for name in ("reviews", "news")})
    assert compare(["mlp"], launches, (), BASELINES, runs, Console(file=io.StringIO())) == 0
    page = Page((tmp_path / "out" / "comparison.html").read_text(encoding="utf-8"))
    assert page.has("train.seed", "1", "2")
    assert "Test accuracy with each seed" not in page.words


def test_each_data_set_has_its_folder(tmp_path: Path) -> None:
    launches = [launch_of(name, tmp_path) for name in ("reviews", "news")]
    runs = planned(["mlp", "ml_naive_bayes"], launches, (), BASELINES)
    assert [run.launch.out.removeprefix(f"{tmp_path}/") for run in runs] == [
        "out/reviews/mlp",
        "out/reviews/spark_ml",
        "out/news/mlp",
        "out/news/spark_ml",
    ]
    assert [run.launch.run_file and run.launch.run_file.name for run in runs][1:3] == ["reviews.toml", "news.toml"]


def test_data_sets_of_one_name_are_refused(launch: Launch) -> None:
    with pytest.raises(SettingsError, match=r"Received: reviews, reviews\..*name of its own"):
        planned(["mlp"], [launch, launch], (), BASELINES)


@pytest.fixture
def data_sets(tmp_path: Path) -> tuple[Path, str]:
    """The folder of a comparison on two data sets with two seeds, and what a person is told; on each another leads."""
    launches = [launch_of(name, tmp_path) for name in ("reviews", "news")]
    console = Console(file=io.StringIO(), width=160)
    reviews, news = over_seeds("reviews/", [36, 35], 20), over_seeds("news/", [30, 31], 34)

    def runs(launch: Launch) -> int:
        return (reviews if launch.name == "reviews" else news)(launch)

    assert compare(["mlp", "ml_naive_bayes"], launches, [1, 2], BASELINES, runs, console) == 0
    assert isinstance(console.file, io.StringIO)
    return tmp_path / "out", console.file.getvalue()


def test_programs_get_a_row_for_each_model_and_data_set(data_sets: tuple[Path, str]) -> None:
    rows = json.loads((data_sets[0] / "comparison.json").read_text(encoding="utf-8"))
    assert [(row["data"], row["model"], row["against_best"] is None) for row in rows] == [
        ("reviews", "mlp", True),
        ("reviews", "ml_naive_bayes", False),
        ("news", "ml_naive_bayes", True),
        ("news", "mlp", False),
    ]


def test_a_person_gets_a_column_for_each_data_set_and_a_table_of_each(data_sets: tuple[Path, str]) -> None:
    lines = [line for line in data_sets[1].splitlines() if "│ mlp" in line or "│ ml_naive_bayes" in line]
    cells = [[cell.strip() for cell in line.split("│")[1:-1]] for line in lines]
    # One that is a little behind on one data set, and not surely, is before one that is far behind on the other.
    assert cells[:2] == [
        ["mlp", "88.75 % ± 1.77", "76.25 % ± 1.77", "82.50 %", "2 of 2"],
        ["ml_naive_bayes", "50.00 %, worse", "85.00 %", "67.50 %", "1 of 2"],
    ]
    assert [row[0] for row in cells[2:6]] == ["mlp", "ml_naive_bayes", "ml_naive_bayes", "mlp"]
    assert cells[6:] == [["mlp, reviews", "90.00 %", "87.50 %"], ["mlp, news", "75.00 %", "77.50 %"]]


def test_the_page_has_an_overview_and_a_part_for_each_data_set(data_sets: tuple[Path, str]) -> None:
    text = (data_sets[0] / "comparison.html").read_text(encoding="utf-8")
    pages.check_loads_nothing(text)
    page = Page(text)
    assert page.has("reviews and news", "Among the best on every data set: mlp")
    assert page.has("Model", "reviews", "news", "Mean", "Among the best on")
    assert page.has("ml_naive_bayes", "50.00 %, worse", "85.00 %", "67.50 %", "1 of 2")
    assert page.has("reviews", "mlp is better than all others")
    assert page.has("news", "ml_naive_bayes is first; it is not surely better than mlp")
    assert page.has("Seed 1", "Seed 2", "mlp, reviews", "90.00 %", "87.50 %", "mlp, news", "75.00 %", "77.50 %")
    assert page.has("Key", "reviews", "news", "name", "reviews", "news")


@pages.in_a_browser
def test_nothing_sticks_out_of_the_page_of_data_sets(data_sets: tuple[Path, str]) -> None:
    pages.check_in_a_browser(data_sets[0] / "comparison.html")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["a.toml", "runs/b"], "compare takes run files, or the folders of two runs. Received: a.toml runs/b"),
        (["runs/a", "runs/b", "runs/c"], "compare takes run files, or the folders of two runs."),
        (["a.toml", "b.toml", "--json"], "Of models, comparison.json does, in --out."),
        (["runs/a", "runs/b", "--seeds", "1"], "--seeds, --set and arguments for spark-submit go with run files"),
        (["a.toml", "b.toml"], "There is no settings file a.toml"),
    ],
)
def test_what_is_compared_are_run_files_or_two_runs(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert textcnn.main(["compare", *arguments]) == 2
    assert said in capsys.readouterr().err

"""The report is one page that shows a run's figures, whatever came of it, and loads nothing."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cluster.yarn import artifacts
from run.data_card import ClassCard, Contradiction, DataCard, Lengths, Repeats
from run.events import Judged, Mistake
from run.profile import Profile
from spark_driver import report
from spark_driver.report import Run
from tests import pages
from tests.pages import Page

CONFIG: dict[str, Any] = {
    "name": "reviews",
    "data": {"input": "hdfs:///reviews", "train": None, "columns": ["text", "label"]},
    "train": {"epochs": 3},
}
RESULT: dict[str, Any] = {
    "status": "succeeded",
    "error": None,
    "test": {"accuracy": 0.8, "macro_f1": 0.75, "rows": 10},
    "members": {"naive Bayes": {"accuracy": 0.7, "macro_f1": 0.65, "rows": 10}},
    "model": "/runs/a/model/1",
    "prepared": None,
    "rows": {
        "read": 35123,
        "quarantined": 7,
        "train": 28290,
        "validation": 3378,
        "test": 3448,
        "unlabelled": 5000,
        "fed": 28290,
        "trained": [28290, 28290, 28290],
    },
    "documents_per_second": 1785.9,
    "epochs": 3,
    "seconds": {"prepare": 17.16, "card": 2.5, "feed": 4.0, "train": 83.3, "export": 0.76, "total": 3723.0},
}
UNKNOWN: dict[str, Any] = {
    "status": "failed",
    "error": "The input is empty.",
    "test": None,
    "members": {},
    "model": None,
    "prepared": None,
    "rows": dict.fromkeys(RESULT["rows"]),
    "documents_per_second": None,
    "epochs": None,
    "seconds": dict.fromkeys(RESULT["seconds"]),
}
LABELS = ["negative", "positive"]
CONFUSION = [[5, 1], [1, 3]]


def epoch(number: int, accuracy: float | None = 0.8) -> dict[str, Any]:
    return {
        "kind": "EpochDone",
        "worker": 0,
        "epoch": number,
        "trained": 28290,
        "loss": 0.6 / number,
        "validation_loss": None if accuracy is None else 0.5,
        "validation_accuracy": accuracy,
        "validation_macro_f1": accuracy,
        "seconds": 18.5,
    }


METRICS: list[dict[str, Any]] = [
    {"kind": "Started", "worker": 0, "pid": 7},
    epoch(1, 0.7),
    epoch(2),
    epoch(3, 0.79),
    {"kind": "Tested", "worker": 0, "best_epoch": 2, "epochs": 3, "loss": 0.5, "confusion": CONFUSION},
]


CARD = DataCard(
    documents={"train": 80, "validation": 10, "test": 10},
    classes=(
        ClassCard("negative", {"train": 30, "validation": 5, "test": 6}, ("差", "坏")),
        ClassCard("positive", {"train": 50, "validation": 5, "test": 4}, ("好",)),
    ),
    lengths={"train": Lengths(21, 90, 2400, 0.07, 0)},
    repeats=Repeats(90, 12, 4, {"validation": 0, "test": 3}, (Contradiction("还行", ("negative", "positive")),)),
    unknown={"word": {"test": 0.06}},
    warnings=("7.0% of the training documents are cut.",),
)
JUDGED = Judged(
    worker=0,
    bins=[[0.0, 0.0, 0.0]] * 5 + [[4, 2.4, 3], [0, 0.0, 0], [0, 0.0, 0], [0, 0.0, 0], [6, 5.6, 5]],
    places=[8, 2],
    mistakes=[Mistake("negative", "positive", 0.97, ["不", "", "好"], [-0.5, 0.25, 1.0])],
    models=["model"],
    documents=[[5, 0, 1], [7, 1, 1]],
)


def html(
    config: dict[str, Any],
    metrics: list[dict[str, Any]],
    result: dict[str, Any],
    labels: Sequence[str],
    confusion: list[list[int]],
) -> str:
    """The page of a run with another confusion matrix."""
    told = [line | {"confusion": confusion} if line["kind"] == "Tested" else line for line in metrics]
    return report.html(Run(config, told, result, labels))


@pytest.fixture(scope="module")
def page() -> Page:
    return Page(html(CONFIG, METRICS, RESULT, LABELS, CONFUSION))


def test_title_tells_run_and_outcome(page: Page) -> None:
    assert page.has("reviews: succeeded")
    assert page.has("reviews", "succeeded")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Test accuracy", "80.00 %"),
        ("naive Bayes alone", "70.00 %"),
        ("Test macro-F1", "75.00 %"),
        ("Documents/s", "1,786"),
        ("Epochs", "3 (best: 2)"),
        ("Model:", "/runs/a/model/1"),
        ("Rows read", "35,123"),
        ("Quarantined", "7"),
        ("Training", "28,290"),
        ("Validation", "3,378"),
        ("Test", "3,448"),
        ("Unlabelled", "5,000"),
        ("Prepare", "17.2 s"),
        ("Card", "2.5 s"),
        ("Train", "1 min 23 s"),
        ("Total", "1 h 02 min"),
    ],
)
def test_figures(page: Page, name: str, value: str) -> None:
    assert page.has(name, value)


def test_of_a_prepared_corpus_it_is_said_where_its_data_card_comes_from() -> None:
    page = Page(html(CONFIG, METRICS, RESULT | {"prepared": "hdfs:///corpora/<b>"}, LABELS, CONFUSION))
    assert page.has("From the prepared corpus", "hdfs:///corpora/<b>", ". What its documents are,", "textcnn card")
    assert "b" not in page.tags


def test_the_worker_that_the_others_waited_for_is_named() -> None:
    joined = [{"kind": "Joined", "worker": worker, "host": host} for worker, host in enumerate(("node-a", "node-b"))]
    stragglers = [None, (1, 4.0), (1, 5.0), (0, 2.5)]
    progress = [
        {"kind": "Progress", "straggler": found and {"worker": found[0], "times": found[1]}} for found in stragglers
    ]
    page = Page(html(CONFIG, [*joined, *progress, *METRICS], RESULT, LABELS, CONFUSION))
    assert page.has(
        "The others waited for worker 1 on node-b, which took 4.5 times as long, in 50.00 % of the reports."
    )


def test_curves_are_drawings_with_a_name(page: Page) -> None:
    assert page.tags.count("svg") == 2
    names = [value for key, value in page.attributes if key == "aria-label"]
    assert names == ["Loss (nats) by epoch", "Validation accuracy (%) by epoch"]
    identifiers = [value for key, value in page.attributes if key == "id"]
    assert len(identifiers) == len(set(identifiers))


def test_epochs_are_listed_and_the_best_is_marked(page: Page) -> None:
    assert page.has("2 (best)", "28,290", "0.3000", "0.5000", "80.00 %", "80.00 %", "18.5 s")


def test_confusion_matrix_has_true_labels_in_rows(page: Page) -> None:
    assert page.has("predicted", "true", "negative", "positive", "negative", "5", "1", "positive", "1", "3")
    shares = [value for key, value in page.attributes if key == "style" and value and "--share" in value]
    assert shares == ["--share:0.833", "--share:0.167", "--share:0.250", "--share:0.750"]


def test_each_class_has_its_figures(page: Page) -> None:
    interval = "95 % interval"
    assert page.has("Label", "Precision", interval, "Recall", interval, "F1", interval, "Documents")
    quarter = "30.1–95.4 %"
    assert page.has("positive", "75.00 %", quarter, "75.00 %", quarter, "75.00 %", "37.5–93.8 %", "4")
    assert page.has("95 % interval of the test accuracy: 49.0–94.3 %. Always to answer negative is right in 60.00 %.")


@pytest.fixture(scope="module")
def whole() -> Page:
    """The page of a run of which all is known."""
    return Page(report.html(Run(CONFIG, METRICS, RESULT, LABELS, JUDGED, CARD)))


def test_what_the_data_is_and_what_does_not_go_with_it(whole: Page) -> None:
    assert whole.has("Data", "7.0% of the training documents are cut.")
    assert whole.has("Median words", "21", "95 % have at most", "90", "Longest", "2,400", "Cut off", "7.00 %")
    assert whole.has("Test in training", "3")
    assert whole.has("positive", "50", "5", "4", "好")
    assert whole.has("Under several labels: negative / positive: 还行")


def test_how_sure_the_model_is(whole: Page) -> None:
    assert whole.has("Calibration error", "12.00 %")
    assert ("aria-label", "Accuracy (%) by confidence (%)") in whole.attributes


def test_a_mistake_is_shown_with_the_words_that_made_it(whole: Page) -> None:
    assert whole.has("negative, taken for", "positive", ", 97.00 %", "不", "□", "好")
    shades = [value for key, value in whole.attributes if key == "style"]
    assert shades[-3:] == ["--share:0.500", "--share:0.250", "--share:1.000"]
    classes = [value for key, value in whole.attributes if key == "class" and value in {"hit", "miss"}]
    assert classes[-3:] == ["hit", "miss", "miss"]


def test_programs_are_told_the_same() -> None:
    values = json.loads(json.dumps(report.values(Run(CONFIG, METRICS, RESULT, LABELS, JUDGED, CARD))))
    assert values["status"] == "succeeded"
    assert values["test"]["accuracy"] == {
        "value": 0.8,
        "low": pytest.approx(0.490, 1e-3),
        "high": pytest.approx(0.943, 1e-3),
    }
    assert values["test"]["most_frequent"] == {"label": "negative", "share": 0.6}
    assert values["test"]["classes"][1]["label"] == "positive"
    assert values["test"]["classes"][1]["recall"]["value"] == 0.75
    assert values["test"]["calibration"]["error"] == pytest.approx(0.12)
    last = {
        "from": 0.9,
        "to": 1.0,
        "documents": 6,
        "confidence": pytest.approx(5.6 / 6),
        "accuracy": pytest.approx(5 / 6),
    }
    assert values["test"]["calibration"]["ranges"][-1] == last
    assert values["test"]["mistakes"][0]["tokens"] == ["不", "", "好"]
    assert values["data"]["repeats"]["different"] == 90
    assert values["history"] == METRICS[1:4]
    assert values["config"] == CONFIG
    assert values["seconds"] == RESULT["seconds"]
    assert "numpy" in values["versions"]


def test_programs_are_told_what_is_not_known() -> None:
    values = report.values(Run(CONFIG, [], UNKNOWN))
    assert (values["test"], values["data"], values["error"]) == (None, None, "The input is empty.")


def test_of_many_classes_it_is_told_how_often_the_label_is_among_the_first() -> None:
    labels = [f"c{i}" for i in range(6)]
    tested = METRICS[-1] | {"confusion": np.diag([5, 1, 1, 1, 1, 1]).tolist()}
    judged = replace(JUDGED, places=[5, 2, 1, 1, 0, 1])
    page = Page(report.html(Run(CONFIG, [tested], RESULT, labels, judged)))
    assert page.has(
        "Right in the first 2", "70.00 %", "Right in the first 3", "80.00 %", "Right in the first 5", "90.00 %"
    )


def test_configuration_and_versions(page: Page) -> None:
    assert page.has("data.input", "hdfs:///reviews", "data.train", "–", "data.columns", '["text", "label"]')
    assert page.has("train.epochs", "3")
    assert "numpy" in page.words


def test_many_classes_show_their_most_frequent_mistakes() -> None:
    labels = [f"c{i}" for i in range(100)]
    confusion = [[9 if i == j else 0 for j in labels] for i in labels]
    confusion[3][5], confusion[8][1] = 1, 3
    page = Page(html(CONFIG, METRICS, RESULT, labels, confusion))
    assert page.has("c8", "c1", "3", "25.00 %", "c3", "c5", "1", "10.00 %")
    assert "predicted" not in page.words


def test_failed_run_shows_its_error_instead_of_figures() -> None:
    page = Page(html(CONFIG, [], UNKNOWN, [], []))
    assert page.has("reviews: failed")
    assert page.has("Error", "The input is empty.")
    assert not {"Test accuracy", "Rows read", "Prepare", "Epochs"} & set(page.words)
    assert page.has("train.epochs", "3")


def test_run_that_failed_on_its_way_shows_how_far_it_came() -> None:
    rows = UNKNOWN["rows"] | {"read": 12}
    page = Page(html(CONFIG, [epoch(1)], UNKNOWN | {"rows": rows}, LABELS, []))
    assert page.has("Rows read", "12")
    assert page.tags.count("svg") == 2


def test_run_without_a_readable_configuration() -> None:
    page = Page(html({}, [], UNKNOWN, [], []))
    assert page.has("Error", "The input is empty.")
    assert "Configuration" not in page.words


def test_without_validation_documents_there_is_no_curve_of_them() -> None:
    page = Page(html(CONFIG, [epoch(1, None)], RESULT, LABELS, CONFUSION))
    assert page.tags.count("svg") == 1
    assert page.has("1", "28,290", "0.6000", "–", "–", "–", "18.5 s")


def test_without_test_documents_there_is_no_matrix() -> None:
    page = Page(html(CONFIG, METRICS, RESULT | {"test": None}, LABELS, [[0, 0], [0, 0]]))
    assert "Test accuracy" not in page.words
    assert "predicted" not in page.words


EVIL = "<script>alert('1')</script> & \"{{ name }}\""


@pytest.mark.parametrize("classes", [2, 100])
def test_nothing_from_outside_becomes_markup(classes: int) -> None:
    labels = [f"{EVIL} {i}" for i in range(classes)]
    confusion = [[1] * classes] * classes
    config = {"name": EVIL, EVIL: {EVIL: [EVIL]}, "data": {"input": EVIL}}
    result = RESULT | {"status": "failed", "error": EVIL, "model": EVIL}
    page = Page(html(config, METRICS, result, labels, confusion))
    assert "script" not in page.tags
    assert page.has("Error", EVIL)
    assert page.has(f"{EVIL}: failed")
    assert page.has("data.input", EVIL)
    assert f"{EVIL} 1" in page.words


def test_page_loads_nothing() -> None:
    pages.check_loads_nothing(html(CONFIG, METRICS, RESULT, LABELS, CONFUSION))


def test_same_run_gives_the_same_bytes() -> None:
    first, second = (html(CONFIG, METRICS, RESULT, LABELS, CONFUSION) for _ in range(2))
    assert first == second


RENDER = """
import json, pathlib, sys
import spark_driver
from spark_driver.report import Run, html
pathlib.Path("report.html").write_text(html(Run(*json.load(sys.stdin))), encoding="utf-8")
print(spark_driver.__file__)
"""


def test_template_is_found_in_the_zip_that_yarn_ships(tmp_path: Path) -> None:
    shipped = tmp_path / "textcnn.zip"
    with artifacts.of(Profile(master="yarn"), spark_home=tmp_path).packages.open() as packages:
        shipped.write_bytes(packages.read())
    values = CONFIG, METRICS, RESULT, LABELS
    done = subprocess.run(
        [sys.executable, "-c", RENDER],
        input=json.dumps(values),
        capture_output=True,
        encoding="utf-8",
        check=True,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(shipped)},
    )
    assert done.stdout.strip() == str(shipped / "spark_driver" / "__init__.py")
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == report.html(Run(*values))


@pages.in_a_browser
def test_nothing_sticks_out_of_the_page_and_each_scheme_has_its_colours(tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    long = replace(JUDGED, mistakes=[Mistake("negative", "positive", 0.97, ["好"] * 80, [1.0] * 80)])
    file.write_text(report.html(Run(CONFIG, METRICS, RESULT, LABELS, long, CARD)), encoding="utf-8")
    pages.check_in_a_browser(file)

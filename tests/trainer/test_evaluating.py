"""Evaluation: a model that does not answer as in training is not judged."""

import csv
import json
import shutil
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

import textcnn
from trainer.errors import ModelError
from trainer.evaluating import evaluate
from trainer.export import hashes
from trainer.serving import Classifier


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    file = tmp_path / "documents.tsv"
    file.write_text("text\tlabel\n好\t好评\n坏\t好评\n坏，书\t差评\n书\t中评\n", encoding="utf-8")
    return file


def test_labels_are_compared_and_rows_without_a_known_label_left_out(exported: Path, documents: Path) -> None:
    evaluation, left_out = evaluate(Classifier(exported), str(documents))
    assert evaluation.confusion.tolist() == [[1, 1], [0, 1]]
    assert dict(left_out) == {"label that training never saw": 1}


ROWS = [("好", "好评"), ("坏", "好评"), ("坏，书", "差评"), ("书\t,", "差评"), ("书", "中评")]


def write(file: Path) -> None:
    """Writes the rows in the format that the file's ending says."""
    if file.suffix == ".parquet":
        texts, labels = zip(*ROWS, strict=True)
        parquet.write_table(pa.table({"text": texts, "label": labels}), file)
    elif file.suffix == ".jsonl":
        file.write_text("".join(json.dumps({"text": t, "label": n}) + "\n" for t, n in ROWS), encoding="utf-8")
    else:
        separator = "\t" if file.suffix == ".tsv" else ","
        rows = [("text", "label"), *((text.replace("\t", " ") if separator == "\t" else text, n) for text, n in ROWS)]
        with file.open("w", encoding="utf-8", newline="") as lines:
            csv.writer(lines, delimiter=separator, lineterminator="\n").writerows(rows)


@pytest.mark.parametrize("ending", ["tsv", "csv", "jsonl", "parquet"])
def test_the_command_judges_files_of_every_format(
    ending: str, exported: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / f"documents.{ending}")
    assert textcnn.main(["evaluate", str(exported), str(tmp_path / f"documents.{ending}"), "--json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["confusion_matrix"] == [[1, 1], [1, 1]]
    assert "1 rows left out (label that training never saw: 1)" in said.err


def test_a_file_that_is_not_there_is_named(exported: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert textcnn.main(["evaluate", str(exported), "nowhere.tsv"]) == 2
    assert "nowhere.tsv cannot be read: No such file" in capsys.readouterr().err


def trusted(model: Path) -> Path:
    """A model whose card says that its files are as they were exported."""
    card = json.loads((model / "model.json").read_text(encoding="utf-8"))
    card["sha256"] = hashes(model)
    (model / "model.json").write_text(json.dumps(card), encoding="utf-8")
    return model


def test_a_model_that_answers_otherwise_than_in_training_is_refused(
    exported: Path, documents: Path, tmp_path: Path
) -> None:
    model = Path(shutil.copytree(exported, tmp_path / "model"))
    golden = model / "assets.extra" / "golden.jsonl"
    first, *others = golden.read_text(encoding="utf-8").splitlines()
    changed = json.loads(first) | {"probabilities": [0.76, 0.24]}
    golden.write_text("\n".join([json.dumps(changed), *others]), encoding="utf-8")
    with pytest.raises(ModelError, match=r"differs from the trained model by 0\.01"):
        evaluate(Classifier(trusted(model)), str(documents))


def test_a_text_that_the_graph_segments_in_another_way_than_python_is_told(
    exported: Path, documents: Path, tmp_path: Path
) -> None:
    model = Path(shutil.copytree(exported, tmp_path / "model"))
    (model / "assets.extra" / "stop_words.txt").write_text("书\n", encoding="utf-8")
    reason = r"differs from Python's in '坏，书': token 3 of the view 'word' is '书' in its graph, None in Python"
    with pytest.raises(ModelError, match=reason):
        evaluate(Classifier(trusted(model)), str(documents))

"""Evaluation: a model that does not answer as in training is not judged."""

import json
import shutil
from pathlib import Path

import pytest

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

"""The card of a model says what it is and how to ask it, without TensorFlow."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from trainer.card import described, model_of
from trainer.errors import ModelError


def test_a_card_tells_labels_views_and_every_input_and_output(exported: Path) -> None:
    told = described(model_of(exported))
    assert told.startswith("known, 2 labels: 好评, 差评\n")
    assert "views: word (4 token ids)" in told
    for signature in ("serving_default", "tokens", "ids", "explain", "labels"):
        assert f"\n{signature}\n" in told
    assert "  input  text: string [texts], UTF-8\n" in told
    assert "  output probabilities: float32 [texts, classes], in the order of labels\n" in told


def test_a_card_with_a_test_tells_its_figures(tmp_path: Path, exported: Path) -> None:
    card = json.loads((exported / "model.json").read_text(encoding="utf-8"))
    card["metrics"] = {"test": {"accuracy": 0.8525, "macro_f1": 0.8519, "rows": 3448}}
    (tmp_path / "model.json").write_text(json.dumps(card), encoding="utf-8")
    told = described(model_of(tmp_path))
    assert "test accuracy 85.25%, macro-F1 85.19%, 3448 documents; trained on 7" in told


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"name": 1, "labels": 2}'])
def test_what_is_no_card_is_an_error_that_names_the_model(tmp_path: Path, content: str) -> None:
    (tmp_path / "model.json").write_text(content, encoding="utf-8")
    with pytest.raises(ModelError, match=f"the card of the model in {tmp_path} cannot be read"):
        described(model_of(tmp_path))


def test_a_model_is_shown_without_tensorflow(exported: Path) -> None:
    program = "import sys, textcnn; textcnn.main(['show', sys.argv[1]]); assert 'tensorflow' not in sys.modules"
    shown = subprocess.run(
        [sys.executable, "-c", program, str(exported)], capture_output=True, encoding="utf-8", check=True
    )
    assert "好评, 差评" in shown.stdout

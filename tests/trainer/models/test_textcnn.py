"""The TextCNN: its answers worked out by hand."""

from typing import get_args

import numpy as np
import pytest
import tensorflow as tf

from run.config import ModelConfig, Precision, View
from trainer.models.textcnn import TextCNN

pytestmark = pytest.mark.usefixtures("collective")


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ([2], 1 + 0.5),  # one window, which reaches over the end
        ([2, 3], 1 * 1 + 10 * 2 + 0.5),
        ([3, 2], 2 * 1 + 10 * 1 + 0.5),
        ([2, 2, 3, 2], 1 * 1 + 10 * 2 + 0.5),  # the strongest of the windows 11, 21, 12 and 1
        ([4], 0),  # -5 + 0.5, rectified
        ([4, 2], 1 * -5 + 10 * 1 + 0.5),
        ([2, 4], 0),  # 1 - 50 and -5
    ],
)
def test_a_filter_gives_its_strongest_answer_to_a_window_that_starts_at_a_token(
    document: list[int], expected: float
) -> None:
    model = TextCNN(ModelConfig(embedding_size=1, widths=(2,), filters=1), {"word": 5}, classes=1, seed=1)
    embedding, kernel = [[9], [0], [1], [2], [-5]], [[[1]], [[10]]]
    model.set_weights([np.array(w) for w in (kernel, [0.5], embedding, [[3]], [100])])
    assert float(model.call({"word": np.array([document], np.int32)})[0, 0]) == 3 * expected + 100


def test_products_in_bfloat16_are_those_of_training_alone() -> None:
    sizes: dict[View, int] = {"word": 5}
    exact, rounded = (TextCNN(ModelConfig(products=of), sizes, classes=2, seed=1) for of in get_args(Precision))
    ids: dict[View, np.ndarray] = {"word": np.array([[1, 2, 3, 4]], np.int32)}
    assert exact.call(ids).numpy().tolist() == rounded.call(ids).numpy().tolist()
    seed = tf.constant([1, 7])
    assert exact.call(ids, seed).numpy().tolist() != rounded.call(ids, seed).numpy().tolist()


def test_a_vocabulary_that_is_too_large_has_no_table_of_products(monkeypatch: pytest.MonkeyPatch) -> None:
    model = TextCNN(ModelConfig(embedding_size=1, widths=(2,), filters=1), {"word": 5}, classes=1, seed=1)
    monkeypatch.setattr("trainer.models.textcnn.LARGEST_TABLES", 39)  # 5 tokens × 2 positions × 4 bytes are 40
    assert model.freeze("textcnn") == []
    monkeypatch.setattr("trainer.models.textcnn.LARGEST_TABLES", 40)
    assert len(model.freeze("textcnn")) == 1

"""The multilayer perceptron: its answers worked out by hand."""

import numpy as np
import pytest

from run.config import ModelConfig, View
from trainer.models.mlp import MLP

pytestmark = pytest.mark.usefixtures("collective")


@pytest.mark.parametrize(
    ("word", "char", "expected"),
    [
        ([2, 3], [2], 1.5 + 10 + 0.25),  # the mean of 1 and 2, and 10 times the 1 of the other view
        ([2, 3, 2, 2], [], (1 + 2 + 1 + 1) / 4 + 0.25),
        ([4], [], 0),  # -5 + 0.25, rectified
        ([], [], 0.25),
    ],
)
def test_the_hidden_layer_sees_the_mean_of_each_views_vectors(
    word: list[int], char: list[int], expected: float
) -> None:
    model = MLP(ModelConfig(embedding_size=1, units=1), {"word": 5, "char": 3}, classes=1, seed=1)
    vectors = [[9.0], [0.0], [1.0], [2.0], [-5.0]]
    weights = [vectors, vectors[:3], [[1.0], [10.0]], [0.25], [[3.0]], [100.0]]
    model.set_weights([np.array(w) for w in weights])
    ids: dict[View, np.ndarray] = {"word": np.array([word], np.int32), "char": np.array([char], np.int32)}
    assert float(model.call(ids)[0, 0]) == pytest.approx(3 * expected + 100)

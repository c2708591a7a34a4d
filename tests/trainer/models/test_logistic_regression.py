"""Logistic regression: its answers worked out by hand."""

import numpy as np
import pytest

from run.config import ModelConfig, View
from trainer.models.logistic_regression import LogisticRegression

pytestmark = pytest.mark.usefixtures("collective")


def test_the_weights_of_each_views_tokens_are_added_over_the_root_of_their_number() -> None:
    model = LogisticRegression(ModelConfig(), {"word": 4, "char2": 4}, classes=1, seed=1)
    word, char2 = ([[99.0], [0.0], [weight], [2 * weight]] for weight in (1.0, 10.0))
    model.set_weights([np.array(word), np.array(char2), np.array([100.0])])
    ids: dict[View, np.ndarray] = {
        "word": np.array([[2, 3, 2, 1], [3, 0, 0, 0], [0, 0, 0, 0]], np.int32),
        "char2": np.array([[2], [0], [0]], np.int32),
    }
    assert model.call(ids).numpy()[:, 0] == pytest.approx([4 / 2 + 10 + 100, 2 + 100, 100])

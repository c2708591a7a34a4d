"""The TextRNN: which states have a say, and how much."""

import numpy as np
import pytest

from run.config import ModelConfig
from trainer.models.textrnn import TextRNN, TextRNNBranch

pytestmark = pytest.mark.usefixtures("collective")

SIZES = ModelConfig(embedding_size=4, units=3)


@pytest.fixture(scope="module")
def branch() -> TextRNNBranch:
    return TextRNNBranch(SIZES, 9, seed=1, view="word")


def states(branch: TextRNNBranch, tokens: list[int]) -> np.ndarray:
    """What attention has to choose from, float32 [tokens, 2 × units]."""
    vectors = branch.embedding.vectors.numpy()[[tokens]]
    both: np.ndarray = branch.recurrence(vectors).numpy()[0]
    return both


def test_without_a_preference_attention_takes_the_mean_of_the_states(branch: TextRNNBranch) -> None:
    branch.context.assign(np.zeros(6))
    found = branch(branch.embedding.vectors.value, np.array([[2, 3, 4, 0, 0]], np.int64)).numpy()
    assert found[0] == pytest.approx(states(branch, [2, 3, 4]).mean(0), abs=1e-6)


def test_with_a_strong_preference_attention_takes_one_state(branch: TextRNNBranch) -> None:
    expected = states(branch, [2, 3, 4])
    scores = branch.projection(expected[None]).numpy()[0]
    direction = scores[1] - scores[[0, 2]].mean(0)
    branch.context.assign(1e4 * direction)
    found = branch(branch.embedding.vectors.value, np.array([[2, 3, 4, 0]], np.int64)).numpy()
    assert found[0] == pytest.approx(expected[int((scores @ direction).argmax())], abs=1e-5)


def test_both_directions_begin_with_a_token() -> None:
    model = TextRNN(SIZES, {"word": 9}, classes=2, seed=1)
    scores = model.call({"word": np.array([[2, 3, 4]], np.int32)}).numpy()
    for turned in ([3, 2, 4], [2, 4, 3], [4, 3, 2]):
        assert model.call({"word": np.array([turned], np.int32)}).numpy() != pytest.approx(scores, abs=1e-6)

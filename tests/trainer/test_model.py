"""The TextCNN: its answers worked out by hand, and what they do not depend on."""

from typing import Any

import numpy as np
import pytest

from run.config import ModelConfig, View
from trainer.model import TextCNN

pytestmark = pytest.mark.usefixtures("collective")

SIZES = ModelConfig(embedding_size=4, widths=(2, 3, 5), filters=3, dropout=0.5)
SEED = np.array([1, 7], np.int32)


@pytest.fixture(scope="module")
def model() -> TextCNN:
    """A model with arbitrary weights and biases, so that everything that could have an influence has one."""
    model = TextCNN(SIZES, {"word": 20}, classes=3, seed=1)
    random = np.random.default_rng(0)
    model.set_weights([random.normal(size=weights.shape) for weights in model.get_weights()])
    return model


def words(ids: Any) -> dict[View, np.ndarray]:
    return {"word": np.array(ids, np.int32)}


def padded(documents: list[list[int]], columns: int = 0) -> dict[View, np.ndarray]:
    columns = max(columns, *map(len, documents))
    return words([document + [0] * (columns - len(document)) for document in documents])


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
    model = TextCNN(ModelConfig(wide=False, embedding_size=1, widths=(2,), filters=1), {"word": 5}, classes=1, seed=1)
    embedding, kernel = [[9], [0], [1], [2], [-5]], [[[1]], [[10]]]
    model.set_weights([np.array(w) for w in (embedding, kernel, [0.5], [[3]], [100])])
    assert float(model.call(words([document]))[0, 0]) == 3 * expected + 100


def test_scores_depend_neither_on_the_batch_nor_on_padding(model: TextCNN) -> None:
    random = np.random.default_rng(1)
    documents = [random.integers(1, 20, length).tolist() for length in (0, 1, 2, 3, 4, 5, 12)]
    together = model.call(padded(documents)).numpy()
    far = model.call(padded(documents, columns=40)).numpy()
    alone = np.concatenate([model.call(padded([document], columns=1)) for document in documents])
    assert together == pytest.approx(alone, rel=1e-6, abs=1e-6)
    assert far == pytest.approx(alone, rel=1e-6, abs=1e-6)


def test_a_document_without_tokens_gets_the_scores_of_the_biases(model: TextCNN) -> None:
    biases = model.get_weights()[-1]
    assert model.call(padded([[], [5, 6]]))[0].numpy() == pytest.approx(biases)


def test_a_batch_may_have_no_token_at_all(model: TextCNN) -> None:
    biases = model.get_weights()[-1]
    logits = model.call(words(np.zeros((2, 0)))).numpy()
    assert logits == pytest.approx(np.array([biases, biases]))


@pytest.mark.parametrize("order", [[5, 6, 7], [7, 6, 5]])
def test_the_order_of_tokens_matters(model: TextCNN, order: list[int]) -> None:
    other = model.call(padded([[6, 5, 7]])).numpy()
    assert model.call(padded([order])).numpy() != pytest.approx(other, abs=1e-3)


def test_dropout_needs_a_seed(model: TextCNN) -> None:
    ids = padded([[5, 6, 7, 8, 9, 10]])
    assert (model.call(ids).numpy() == model.call(ids).numpy()).all()
    assert model.call(ids, SEED).numpy() != pytest.approx(model.call(ids).numpy(), abs=1e-3)


def test_dropout_depends_on_its_seed_and_on_nothing_else(model: TextCNN) -> None:
    ids = padded([[5, 6, 7, 8, 9, 10]])
    first = model.call(ids, SEED).numpy()
    assert model.call(ids, SEED + 1).numpy() != pytest.approx(first, abs=1e-3)
    assert (model.call(ids, SEED).numpy() == first).all()


def test_the_same_seed_gives_the_same_initial_weights() -> None:
    def weights(seed: int) -> np.ndarray:
        return np.concatenate([w.ravel() for w in TextCNN(SIZES, {"word": 20}, 3, seed).get_weights()])

    assert (weights(1) == weights(1)).all()
    assert (weights(1) != weights(2)).any()


def test_every_view_has_a_say(known_by_view: TextCNN) -> None:
    model = known_by_view
    both: dict[View, np.ndarray] = {"word": np.array([[2, 3]], np.int32), "char": np.array([[4, 2, 3]], np.int32)}
    scores = model.call(both).numpy()
    for view in both:
        other = both | {view: np.array([[3]], np.int32)}
        assert model.call(other).numpy() != pytest.approx(scores, abs=1e-3)


@pytest.fixture
def known_by_view() -> TextCNN:
    model = TextCNN(SIZES, {"word": 6, "char": 9}, classes=3, seed=1)
    random = np.random.default_rng(0)
    model.set_weights([random.normal(size=weights.shape) for weights in model.get_weights()])
    return model


def test_the_linear_part_adds_the_weights_of_the_tokens_over_the_root_of_their_number() -> None:
    model = TextCNN(ModelConfig(deep=()), {"word": 4, "char2": 4}, classes=1, seed=1)
    weights: dict[View, float] = {"word": 1.0, "char2": 10.0}
    for view, weight in weights.items():
        model.wide[view].weights_of_tokens.assign([[99.0], [0.0], [weight], [2 * weight]])
    ids: dict[View, np.ndarray] = {
        "word": np.array([[2, 3, 2, 1], [3, 0, 0, 0], [0, 0, 0, 0]], np.int32),
        "char2": np.array([[2], [0], [0]], np.int32),
    }
    assert model.call(ids).numpy()[:, 0] == pytest.approx([4 / 2 + 10, 2, 0])


@pytest.mark.parametrize("rate", ["dropout", "embedding_dropout", "token_dropout"])
def test_each_dropout_is_for_training_alone(rate: str) -> None:
    rates = dict.fromkeys(("dropout", "embedding_dropout", "token_dropout"), 0.0) | {rate: 0.5}
    model = TextCNN(ModelConfig(**rates, embedding_size=8, widths=(1,), filters=8), {"word": 20}, 3, seed=1)  # type: ignore[arg-type]
    random = np.random.default_rng(0)
    model.set_weights([random.normal(size=weights.shape) for weights in model.get_weights()])
    ids = padded([[5, 6, 7, 8, 9, 10]])
    assert (model.call(ids).numpy() == model.call(ids).numpy()).all()
    assert model.call(ids, SEED).numpy() != pytest.approx(model.call(ids).numpy(), abs=1e-3)

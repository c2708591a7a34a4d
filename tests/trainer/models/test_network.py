"""What every network promises, whatever it is."""

from typing import Any, get_args

import numpy as np
import pytest
import tensorflow as tf

from run.config import Kind, ModelConfig, View
from trainer.models.build import networks
from trainer.models.network import Network

pytestmark = pytest.mark.usefixtures("collective")

KINDS: tuple[Kind, ...] = get_args(Kind)
IN_ORDER: tuple[Kind, ...] = ("textcnn", "textrnn")
SEED = np.array([1, 7], np.int32)
SMALL: dict[str, Any] = {"embedding_size": 4, "widths": (2, 3, 5), "filters": 3, "units": 3}


def network(kind: Kind, seed: int = 1, **values: Any) -> Network:
    """A network with arbitrary weights and biases, so that everything that could have an influence has one."""
    config = ModelConfig(**(SMALL | {"networks": (kind,)} | values))
    (built,) = networks(config, {"word": 20, "char": 20}, 3, seed).values()
    random = np.random.default_rng(0)
    built.set_weights([random.normal(size=weights.shape) for weights in built.get_weights()])
    return built


def both(documents: list[list[int]], columns: int = 0) -> dict[View, np.ndarray]:
    columns = max(columns, *map(len, documents))
    ids = np.array([document + [0] * (columns - len(document)) for document in documents], np.int32)
    return {"word": ids, "char": ids.copy()}


@pytest.mark.parametrize("kind", KINDS)
def test_scores_depend_neither_on_the_batch_nor_on_padding(kind: Kind) -> None:
    model, random = network(kind), np.random.default_rng(1)
    documents = [random.integers(1, 20, length).tolist() for length in (0, 1, 2, 3, 4, 5, 12)]
    together = model.call(both(documents)).numpy()
    far = model.call(both(documents, columns=40)).numpy()
    alone = np.concatenate([model.call(both([document], columns=1)) for document in documents])
    assert together == pytest.approx(alone, rel=1e-5, abs=1e-5)
    assert far == pytest.approx(alone, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_over_tokens_in_a_row_is_the_same(kind: Kind) -> None:
    model, random = network(kind), np.random.default_rng(1)
    documents = [random.integers(1, 20, length).tolist() for length in (0, 3, 12, 0, 1, 2, 0)]
    in_a_row = dict.fromkeys(model.tables, tf.ragged.constant(documents, tf.int32))
    assert model.answer(in_a_row).numpy() == pytest.approx(model.call(both(documents)).numpy(), rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_documents_without_tokens_have_equal_scores(kind: Kind) -> None:
    model = network(kind)
    empty = model.call(both([[], [5, 6]]))[0].numpy()
    nothing: dict[View, np.ndarray] = dict.fromkeys(("word", "char"), np.zeros((2, 0), np.int32))
    assert model.call(nothing).numpy() == pytest.approx(np.array([empty, empty]))


@pytest.mark.parametrize("kind", IN_ORDER)
@pytest.mark.parametrize("order", [[5, 6, 7], [7, 6, 5]])
def test_the_order_of_tokens_matters_to_some(kind: Kind, order: list[int]) -> None:
    model = network(kind)
    assert model.call(both([order])).numpy() != pytest.approx(model.call(both([[6, 5, 7]])).numpy(), abs=1e-3)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("view", ["word", "char"])
def test_every_view_has_a_say(kind: Kind, view: View) -> None:
    model, ids = network(kind), both([[5, 6, 7]])
    other = ids | {view: np.array([[8]], np.int32)}
    assert model.call(other).numpy() != pytest.approx(model.call(ids).numpy(), abs=1e-3)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "logistic_regression"])
@pytest.mark.parametrize("rate", ["dropout", "embedding_dropout", "token_dropout"])
def test_each_dropout_is_for_training_alone_and_depends_on_its_seed(kind: Kind, rate: str) -> None:
    rates: dict[str, Any] = dict.fromkeys(("dropout", "embedding_dropout", "token_dropout"), 0.0) | {rate: 0.5}
    model = network(kind, **rates, embedding_size=8, filters=8, units=64)
    ids = both([[5, 6, 7, 8, 9, 10]])
    plain, first = model.call(ids).numpy(), model.call(ids, SEED).numpy()
    assert (model.call(ids).numpy() == plain).all()
    assert first != pytest.approx(plain, abs=1e-3)
    assert (model.call(ids, SEED).numpy() == first).all()
    assert model.call(ids, SEED + 1).numpy() != pytest.approx(first, abs=1e-3)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "logistic_regression"])
def test_initial_weights_depend_on_the_seed_alone(kind: Kind) -> None:
    def weights(seed: int) -> np.ndarray:
        (built,) = networks(ModelConfig(**SMALL, networks=(kind,)), {"word": 20}, 3, seed).values()
        return np.concatenate([w.ravel() for w in built.get_weights()])

    assert (weights(1) == weights(1)).all()
    assert (weights(1) != weights(2)).any()


def test_the_networks_of_a_committee_have_names_and_weights_of_their_own() -> None:
    config = ModelConfig(**SMALL, networks=("textcnn", "logistic_regression", "textcnn"))
    built = networks(config, {"word": 20, "char2": 9}, 3, 1)
    assert list(built) == ["textcnn", "logistic regression", "textcnn 2"]
    one, other = (built[name].get_weights()[0] for name in ("textcnn", "textcnn 2"))
    assert (one != other).any()


def test_a_network_sees_its_views_and_a_linear_one_sees_all() -> None:
    config = ModelConfig(**SMALL, networks=("textcnn", "textrnn", "mlp", "logistic_regression"), views=("word",))
    built = networks(config, {"word": 20, "char2": 9}, 3, 1).values()
    assert [list(network.tables) for network in built] == [["word"], ["word"], ["word", "char2"], ["word", "char2"]]


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_without_a_token_leaves_the_tables_as_they_are(kind: Kind) -> None:
    model = network(kind)
    places = {view: tf.zeros([2, 3], tf.int64) for view in model.tables}
    for _ in range(5):
        tf.fill([1, 4], np.nan)  # what a gradient that nobody writes would find in its memory
        rows = {view: table[:1] for view, table in model.tables.items()}
        with tf.GradientTape() as tape:
            tape.watch(rows)
            logits = model.classify(rows, places, tf.constant(SEED))
        for gradient in tape.gradient(logits, rows, unconnected_gradients="zero").values():
            assert (tf.convert_to_tensor(gradient).numpy() == 0).all()

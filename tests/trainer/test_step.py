"""A step's loss and what it does to the weights, and an evaluation; all worked out by hand."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import log
from typing import Any

import numpy as np
import pytest

from run.config import ModelConfig, RunConfig, TrainConfig
from text.vectors import WordVectors
from trainer.batches import Batch
from trainer.collective import Collective
from trainer.spool import Share
from trainer.step import ReplicatedModel

ShareOf = Callable[[Sequence[tuple[list[int], int]]], Share]

PLAIN: dict[str, Any] = {"dropout": 0.0, "embedding_dropout": 0.0, "token_dropout": 0.0}
"""Nothing is left out."""

SMALL_STEPS = TrainConfig(learning_rate=0.01, label_smoothing=0.0)

RIGHT, WRONG, EVEN = log(4 / 3), log(4), log(2)
"""Losses of the known model, whose answers are 3/4, 1/4 and 1/2."""


def known_model(collective: Collective, config: RunConfig, weights: list[np.ndarray]) -> ReplicatedModel:
    """A new model whose answers are known by hand."""
    model = ReplicatedModel(config.model, SMALL_STEPS, {"word": 4}, 2, collective)
    model.restore([weights])
    return model


@pytest.fixture(scope="module")
def replicated(collective: Collective, known_config: RunConfig) -> ReplicatedModel:
    return ReplicatedModel(known_config.model, SMALL_STEPS, {"word": 4}, 2, collective)


@pytest.fixture
def known(replicated: ReplicatedModel, known_weights: list[np.ndarray]) -> ReplicatedModel:
    replicated.restore([known_weights])
    return replicated


def batch(documents: list[list[int]], labels: list[int], weights: list[float]) -> Batch:
    ids = np.array([d + [0] * (2 - len(d)) for d in documents], np.int32)
    return Batch({"word": ids}, np.array(labels, np.int32), np.array(weights, np.float32))


def test_the_loss_is_summed_over_the_documents(known: ReplicatedModel) -> None:
    loss, weight = known.train(batch([[2], [3], [3], [2, 3]], [0, 1, 0, 1], [1, 1, 1, 1]), 1)
    assert float(loss) == pytest.approx(RIGHT + RIGHT + WRONG + EVEN)
    assert float(weight) == 4


def test_a_documents_loss_counts_by_its_weight(known: ReplicatedModel) -> None:
    loss, weight = known.train(batch([[2], [3]], [0, 0], [0.5, 2]), 1)
    assert float(loss) == pytest.approx(0.5 * RIGHT + 2 * WRONG)
    assert float(weight) == 2.5


def changes_after_a_step(
    documents: list[list[int]],
    collective: Collective,
    known_config: RunConfig,
    known_weights: list[np.ndarray],
) -> list[np.ndarray]:
    model = known_model(collective, known_config, known_weights)
    model.train(batch(documents, [1] * len(documents), [1.0] * len(documents)), 1)
    return [after - before for after, before in zip(model.weights()[0], known_weights, strict=True)]


@pytest.mark.parametrize("documents", [[[2]], [[2], [2], [2], [2]]])  # equal gradients have the mean of one
def test_a_step_follows_the_gradient_of_the_mean_loss(
    documents: list[list[int]],
    collective: Collective,
    known_config: RunConfig,
    known_weights: list[np.ndarray],
) -> None:
    kernel, bias, embedding, classifier, classifier_bias = changes_after_a_step(
        documents, collective, known_config, known_weights
    )
    # Adam's first step moves a weight by the learning rate against the sign of its gradient, which is, with
    # 3/4 for class 0 where 0 was right: 3/4 and -3/4 at the biases and, times 好's vector, at the classifier.
    assert classifier_bias == pytest.approx(np.array([-0.01, 0.01]), abs=1e-5)
    assert classifier == pytest.approx(np.array([[-0.01, 0.01], [0, 0]]), abs=1e-5)
    assert bias == pytest.approx(np.array([-0.01, 0]), abs=1e-5)
    assert kernel[0] == pytest.approx(np.array([[-0.01, 0], [0, 0]]), abs=1e-5)
    assert embedding == pytest.approx(np.array([[0, 0], [0, 0], [-0.01, 0], [0, 0]]), abs=1e-5)


def test_a_step_is_as_long_as_its_share_of_the_learning_rate(
    collective: Collective, known_config: RunConfig, known_weights: list[np.ndarray]
) -> None:
    model = known_model(collective, known_config, known_weights)
    model.train(batch([[2]], [1], [1]), 1, 0.5)
    _, _, embedding, _, classifier_bias = (
        after - before for after, before in zip(model.weights()[0], known_weights, strict=True)
    )
    assert classifier_bias == pytest.approx(np.array([-0.005, 0.005]), abs=1e-5)
    assert embedding[2] == pytest.approx(np.array([-0.005, 0]), abs=1e-5)


@pytest.mark.parametrize("documents", [[[2]], [[2], [2], [2]], [[2, 2]]])  # equal tokens are one row of the gradient
@pytest.mark.parametrize(("largest", "shortened"), [(1.0, 1 / 2.0705), (3.0, 1.0)])
def test_a_gradient_that_is_too_long_is_shortened_as_a_whole(
    documents: list[list[int]],
    largest: float,
    shortened: float,
    collective: Collective,
    known_config: RunConfig,
    known_weights: list[np.ndarray],
) -> None:
    config = replace(SMALL_STEPS, clip_norm=largest)
    model = ReplicatedModel(known_config.model, config, {"word": 4}, 2, collective)
    model.restore([known_weights])
    model.train(batch(documents, [1] * len(documents), [1.0] * len(documents)), 1)
    # 3/4 for class 0 where 1 is right: ±3/4 at the biases and, times 好's vector, at the classifier, and 3/4 log 3 at
    # kernel, its bias and 好's vector. The root of the sum of their squares is 2.0705.
    moments = model.state()["textcnn/word first moments"]
    assert moments[2] == pytest.approx(0.1 * shortened * np.array([0.75 * log(3), 0]), rel=1e-3)


def test_the_gradient_of_a_network_is_shortened_whatever_that_of_another_is(collective: Collective) -> None:
    sizes = ModelConfig(**PLAIN, networks=("logistic_regression", "mlp"), embedding_size=4, units=4)
    model = ReplicatedModel(sizes, replace(SMALL_STEPS, clip_norm=0.5), {"word": 5}, 2, collective)
    model.train(batch([[2, 3]], [1], [1]), 1)
    # Two tokens with ±1/2 over the root of two and a bias of ±1/2 have a norm of 1.
    squares = model.state()["logistic regression/word squares"]
    assert squares == pytest.approx(np.array([[0, 0], [0, 0], [1 / 32, 1 / 32], [1 / 32, 1 / 32], [0, 0]]), abs=1e-6)


def test_a_step_with_more_documents_is_no_longer(
    collective: Collective, known_config: RunConfig, known_weights: list[np.ndarray]
) -> None:
    model = known_model(collective, known_config, known_weights)
    model.train(batch([[2]], [1], [1]), 1)
    model.train(batch([[2], [2], [2]], [1, 1, 1], [2, 1, 1]), 2)
    # Adam moves twice by the learning rate if both gradients are (nearly) equal; if the second were four times
    # the first, as the sum of the losses has it, it would move by 0.0188.
    assert model.weights()[0][-1] == pytest.approx(np.array([-0.02, 0.02]), abs=1e-4)


def test_examples_of_no_weight_change_neither_loss_nor_weights(collective: Collective) -> None:
    sizes = ModelConfig(**PLAIN, embedding_size=4, widths=(2, 3), filters=3)
    alone, filled = (
        ReplicatedModel(sizes, TrainConfig(learning_rate=0.1), {"word": 20}, 3, collective) for _ in range(2)
    )
    (before, *_) = alone.weights()
    for step in (1, 2):
        documents, labels = [[5, 6], [7], [8, 9]], [0, 1, 2]
        loss, _ = alone.train(batch(documents, labels, [1, 1, 1]), step)
        same_loss, weight = filled.train(batch([*documents, [10, 11], []], [*labels, 1, 2], [1, 1, 1, 0, 0]), step)
        assert float(same_loss) == pytest.approx(float(loss), abs=1e-6)
        assert float(weight) == 3
    for start, one, other in zip(before, alone.weights()[0], filled.weights()[0], strict=True):
        assert (one != start).any()
        assert one == pytest.approx(other, abs=1e-5)


def test_a_smoothed_label_speaks_for_every_class(
    collective: Collective, known_config: RunConfig, known_weights: list[np.ndarray]
) -> None:
    config = TrainConfig(learning_rate=0.01, label_smoothing=0.4)
    model = ReplicatedModel(known_config.model, config, {"word": 4}, 2, collective)
    model.restore([known_weights])
    loss, _ = model.train(batch([[2]], [0], [1]), 1)
    assert float(loss) == pytest.approx(0.8 * RIGHT + 0.2 * WRONG)


def test_classes_count_the_same_when_they_are_balanced(
    collective: Collective, known_config: RunConfig, known_weights: list[np.ndarray]
) -> None:
    model = known_model(collective, known_config, known_weights)
    model.balance(np.array([3, 1]))
    loss, weight = model.train(batch([[2], [2], [2], [2]], [0, 0, 0, 1], [1, 1, 1, 1]), 1)
    assert float(loss) == pytest.approx(3 * 2 / 3 * RIGHT + 2 * WRONG)
    assert float(weight) == 4


def test_a_class_without_documents_leaves_the_mean_weight_at_one(
    collective: Collective, known_config: RunConfig, known_weights: list[np.ndarray]
) -> None:
    model = known_model(collective, known_config, known_weights)
    model.balance(np.array([5, 0]))
    loss, _ = model.train(batch([[2]], [0], [1]), 1)
    assert float(loss) == pytest.approx(RIGHT)


def test_a_token_of_a_logistic_regression_learns_for_itself(collective: Collective) -> None:
    sizes = ModelConfig(networks=("logistic_regression",))
    model = ReplicatedModel(sizes, SMALL_STEPS, {"word": 5}, 2, collective)
    model.train(batch([[2, 3]], [1], [1]), 1)
    (weights, _), *_ = model.weights()
    # Adagrad's first step, fifty times the learning rate.
    assert weights == pytest.approx(np.array([[0, 0], [0, 0], [-0.5, 0.5], [-0.5, 0.5], [0, 0]]), abs=1e-5)


def test_dropout_is_the_same_in_the_same_step_and_another_in_another(collective: Collective) -> None:
    sizes = ModelConfig(embedding_size=4, widths=(2, 3), filters=3, dropout=0.5)
    model = ReplicatedModel(sizes, TrainConfig(learning_rate=1e-9), {"word": 20}, 3, collective)
    random = np.random.default_rng(0)
    model.restore([[random.normal(size=w.shape) for w in network] for network in model.weights()])
    losses = [float(model.train(batch([[5, 6], [7, 8]], [0, 1], [1, 1]), step)[0]) for step in (1, 1, 2)]
    assert losses[0] == pytest.approx(losses[1], abs=1e-4)
    assert losses[0] != pytest.approx(losses[2], abs=1e-2)


def test_an_evaluation_counts_answers_and_takes_the_mean_loss(known: ReplicatedModel, share_of: ShareOf) -> None:
    share = share_of([([2], 0), ([2, 2, 1], 0), ([3], 0), ([3], 1), ([1, 3, 1, 1], 1), ([2], 1), ([3, 3], 1)])
    _, evaluation = known.evaluate(share)
    assert evaluation.confusion.tolist() == [[2, 1], [1, 3]]
    assert evaluation.loss == pytest.approx((5 * RIGHT + 2 * WRONG) / 7)


def test_an_evaluation_of_more_than_a_batch_counts_every_document(known: ReplicatedModel, share_of: ShareOf) -> None:
    _, evaluation = known.evaluate(share_of([([2], 0)] * 300 + [([3], 0)] * 301))
    assert evaluation.confusion.tolist() == [[300, 301], [0, 0]]


def test_an_evaluation_of_no_documents_has_no_loss(known: ReplicatedModel, share_of: ShareOf) -> None:
    _, evaluation = known.evaluate(share_of([]))
    assert evaluation.confusion.tolist() == [[0, 0], [0, 0]]
    assert np.isnan(evaluation.loss)


def test_weights_are_a_copy_that_later_steps_do_not_change(
    known: ReplicatedModel, known_weights: list[np.ndarray]
) -> None:
    (kept,) = known.weights()
    known.train(batch([[2]], [1], [1]), 1)
    assert all((a == b).all() for a, b in zip(kept, known_weights, strict=True))
    assert any((a != b).any() for a, b in zip(kept, known.weights()[0], strict=True))


def test_embeddings_of_words_begin_with_given_vectors_and_nothing_else_does(collective: Collective) -> None:
    sizes = ModelConfig(networks=("textcnn", "mlp", "logistic_regression"), embedding_size=2, filters=2, units=2)
    model = ReplicatedModel(sizes, SMALL_STEPS, {"word": 4, "char": 4}, 2, collective)
    before = {name: table.numpy().copy() for name, table in model.tables.items()}
    model.embed(WordVectors(np.array([3], np.int32), np.array([[5, 6]], np.float32)))
    for name, table in model.tables.items():
        begun = before[name]
        if name.view == "word" and name.network != "logistic regression":
            begun[3] = [5, 6]
        assert (table.numpy() == begun).all()


def test_a_gpu_leaves_no_documents_tokens_to_the_cpu(known: ReplicatedModel) -> None:
    """TensorFlow computes with int32 on the CPU, which a GPU then waits for."""
    operations = known._train.get_concrete_function().graph.get_operations()
    on_the_cpu = [
        operation.name
        for operation in operations
        if operation.type not in ("Placeholder", "Const") and "CPU:0" not in operation.device
        for output in operation.outputs
        if output.dtype == "int32" and (output.shape.rank or 0) > 1
    ]
    assert on_the_cpu == []
    assert any("CPU:0" in operation.device for operation in operations if operation.type == "Unique")

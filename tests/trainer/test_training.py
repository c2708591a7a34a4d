"""A whole training: it learns, keeps the best, stops in time, counts every document, sees when it fails."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from run import events
from run.config import ModelConfig, RunConfig, TrainConfig
from run.events import EpochDone, Event, Progress
from run.metrics import Evaluation
from run.splits import Split
from trainer import training
from trainer.batches import Batch
from trainer.checkpoint import Checkpoint, Checkpoints
from trainer.collective import Collective
from trainer.errors import TrainingError
from trainer.spool import Share
from trainer.step import ReplicatedModel, Weights
from trainer.training import Trained, train

ShareOf = Callable[[Sequence[tuple[list[int], int]]], Share]
Documents = list[tuple[list[int], int]]

GOOD: Documents = [([2], 0), ([3], 1)]
"""What the known model says of 好 and 坏."""
TURNED: Documents = [([2], 1), ([3], 0)]


class Case:
    """A model, and what is reported when it is trained."""

    def __init__(self, model: ReplicatedModel, config: TrainConfig, share_of: ShareOf):
        self.model, self.config, self._share_of = model, config, share_of
        self.events: list[Event] = []
        self.weights: list[list[Weights]] = []
        """Of each epoch."""

    def train(
        self,
        training: Documents,
        validation: Documents,
        test: Documents,
        checkpoints: Checkpoints | None = None,
    ) -> Trained:
        documents: dict[Split, Documents] = {"train": training, "validation": validation, "test": test}
        shares = {split: self._share_of(of_split) for split, of_split in documents.items()}
        return train(self.model, self.config, shares, self._report, checkpoints)

    def of(self, kind: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    def _report(self, event: Event) -> None:
        self.events.append(event)
        if isinstance(event, EpochDone):
            self.weights.append(self.model.weights())


class Models:
    """Models that are built once: to trace them takes a second, to let them begin anew takes none."""

    def __init__(self, collective: Collective):
        self._collective = collective
        self._built: dict[str, tuple[ReplicatedModel, dict[str, np.ndarray]]] = {}

    def build(self, model: ModelConfig, train: TrainConfig, words: int, classes: int) -> ReplicatedModel:
        return ReplicatedModel(model, train, {"word": words}, classes, self._collective)

    def initial(self, model: ModelConfig, train: TrainConfig, words: int, classes: int) -> ReplicatedModel:
        """A model as it was when it was built, whatever it has learned since."""
        key = repr((model, words, classes, train.seed, train.learning_rate, train.label_smoothing))
        if key not in self._built:
            new = self.build(model, train, words, classes)
            self._built[key] = new, new.state()
        built, state = self._built[key]
        built.set_state(state)
        built.balance(np.ones(classes))
        return built


@pytest.fixture(scope="module")
def models(collective: Collective) -> Models:
    return Models(collective)


@pytest.fixture
def case(models: Models, share_of: ShareOf) -> Callable[..., Case]:
    """A tiny model with its initial weights; a new one if others must not be the same object."""

    def make(new: bool = False, **values: Any) -> Case:
        config = TrainConfig(**({"learning_rate": 0.05, "batch_size": 4, "label_smoothing": 0.0} | values))
        sizes = ModelConfig(embedding_size=4, widths=(2, 3), filters=3, dropout=0.1)
        return Case((models.build if new else models.initial)(sizes, config, 20, 3), config, share_of)

    return make


@pytest.fixture
def known_case(
    models: Models, share_of: ShareOf, known_config: RunConfig, known_weights: list[np.ndarray]
) -> Callable[..., Case]:
    """The known model, which is trained further in small steps."""

    def make(**values: Any) -> Case:
        config = TrainConfig(**({"learning_rate": 0.05, "label_smoothing": 0.0} | values))
        model = models.initial(known_config.model, config, 4, 2)
        model.restore([known_weights])
        return Case(model, config, share_of)

    return make


def equal(one: list[Weights], other: list[Weights]) -> bool:
    pairs = (zip(a, b, strict=True) for a, b in zip(one, other, strict=True))
    return all((a == b).all() for network in pairs for a, b in network)


def with_accuracy(accuracy: float) -> Evaluation:
    right = round(100 * accuracy)
    return Evaluation(np.array([[right, 100 - right], [0, 0]]), loss=0.5)


def of_one(evaluation: Evaluation) -> tuple[list[Evaluation], Evaluation]:
    """What a model of one network says of it."""
    return [evaluation], evaluation


SEPARABLE: Documents = [([token, filler], token - 2) for token in (2, 3, 4) for filler in range(5, 20)]
"""45 documents, whose first token gives the label away."""


def test_it_learns_what_can_be_learned(case: Callable[..., Case]) -> None:
    trained = case(epochs=20, patience=5).train(SEPARABLE[::2], SEPARABLE[1::2], SEPARABLE)
    assert trained.test.accuracy == 1
    assert trained.test.loss < 0.3


def test_the_same_seed_gives_the_same_weights(case: Callable[..., Case]) -> None:
    runs = [case(new, epochs=2, seed=seed) for new, seed in ((False, 1), (True, 1), (False, 2))]
    for run in runs:
        run.train(SEPARABLE, SEPARABLE[:4], [])
    assert equal(runs[0].model.weights(), runs[1].model.weights())
    assert not equal(runs[0].model.weights(), runs[2].model.weights())


def test_every_document_is_trained_once_in_every_epoch(case: Callable[..., Case]) -> None:
    run = case(epochs=2, batch_size=4)
    run.train(SEPARABLE, SEPARABLE[:4], [])
    assert [(e.epoch, e.trained) for e in run.of(EpochDone)] == [(1, 45), (2, 45)]
    assert [e.documents for e in run.of(Progress) if e.step == e.steps] == [45, 45]
    assert {e.steps for e in run.of(Progress)} == {12}


def test_every_epoch_has_an_order_and_every_step_a_number_of_its_own(
    known_case: Callable[..., Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = known_case(epochs=2, batch_size=1)
    train_step = run.model.train
    seen: list[tuple[int, int]] = []

    def spy(batch: Batch, step: int, share: float) -> Any:
        seen.append((step, int(batch.ids["word"][0, 0])))
        return train_step(batch, step, share)

    monkeypatch.setattr(run.model, "train", spy)
    run.train(GOOD * 10, GOOD, [])
    steps, tokens = zip(*seen, strict=True)
    assert steps == tuple(range(1, 41))
    assert tokens[:20] != tokens[20:]


def test_the_learning_rate_of_a_step_follows_the_schedule(
    known_case: Callable[..., Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = known_case(epochs=2, batch_size=1, decay="linear")
    train_step = run.model.train
    seen: list[float] = []

    def spy(batch: Batch, step: int, share: float) -> Any:
        seen.append(share)
        return train_step(batch, step, share)

    monkeypatch.setattr(run.model, "train", spy)
    run.train(GOOD, GOOD, [])
    assert seen == [1, 0.75, 0.5, 0.25]


def test_the_speed_is_that_of_the_steps_after_the_first_ten(case: Callable[..., Case]) -> None:
    assert case(epochs=1, batch_size=5).train(SEPARABLE, [], []).documents_per_second == 0  # 9 steps
    assert case(epochs=1, batch_size=4).train(SEPARABLE, [], []).documents_per_second > 0  # 12 steps


def test_it_reports_the_loss_of_each_epoch(known_case: Callable[..., Case]) -> None:
    run = known_case(epochs=1)
    run.train(GOOD, TURNED, [])
    (done,) = run.of(EpochDone)
    assert done.loss == pytest.approx(np.log(4 / 3))
    assert done.validation_loss > np.log(4)  # after the step, wrong with more conviction
    assert (done.validation_accuracy, done.validation_macro_f1) == (0, 0)


def test_the_weights_of_the_best_epoch_are_kept_and_tested(known_case: Callable[..., Case]) -> None:
    run = known_case(epochs=12, patience=12)
    trained = run.train(TURNED, GOOD, GOOD)  # it unlearns what it is validated with
    accuracies = [e.validation_accuracy for e in run.of(EpochDone)]
    assert accuracies[0] == 1 > accuracies[-1]
    assert (trained.best_epoch, trained.epochs, trained.test.accuracy) == (1, 12, 1)
    assert equal(run.model.weights(), run.weights[0])
    assert not equal(run.model.weights(), run.weights[-1])
    (tested,) = run.of(events.Tested)
    assert (tested.best_epoch, tested.epochs, tested.confusion) == (1, 12, [[1, 0], [0, 1]])


@pytest.mark.parametrize("patience", [1, 3])
def test_it_stops_after_as_many_epochs_without_a_better_accuracy_as_it_has_patience(
    known_case: Callable[..., Case], patience: int
) -> None:
    trained = known_case(epochs=10, patience=patience).train(GOOD, GOOD, GOOD)
    assert trained.epochs == 1 + patience


def test_of_epochs_with_the_best_accuracy_that_with_the_smallest_loss_is_best(known_case: Callable[..., Case]) -> None:
    trained = known_case(epochs=10, patience=3).train(GOOD, GOOD, GOOD)
    assert (trained.best_epoch, trained.epochs) == (4, 4)


@pytest.mark.parametrize(("metric", "best"), [("accuracy", 1), ("macro_f1", 2), ("loss", 3)])
def test_the_run_file_says_what_makes_an_epoch_better(
    case: Callable[..., Case], monkeypatch: pytest.MonkeyPatch, metric: str, best: int
) -> None:
    run = case(epochs=3, patience=3, metric=metric)
    one_class, fair, sure = [[9, 0], [3, 0]], [[6, 3], [1, 2]], [[5, 4], [2, 1]]
    losses = zip((one_class, fair, sure), (0.9, 0.8, 0.7), strict=True)
    epochs = iter([Evaluation(np.array(confusion), loss) for confusion, loss in losses])
    monkeypatch.setattr(run.model, "evaluate", lambda _: ([found := next(epochs)] * 2, found))
    assert run.train(SEPARABLE, SEPARABLE, []).best_epoch == best


def test_a_better_epoch_renews_the_patience(known_case: Callable[..., Case], monkeypatch: pytest.MonkeyPatch) -> None:
    run = known_case(epochs=10, patience=2)
    right_of_ten = iter([5, 4, 6, 6, 5])
    monkeypatch.setattr(run.model, "evaluate", lambda _: of_one(with_accuracy(next(right_of_ten) / 10)))
    trained = run.train(GOOD, GOOD, GOOD)
    assert (trained.best_epoch, trained.epochs) == (3, 5)


def test_without_validation_documents_it_trains_all_epochs_and_keeps_the_last(
    known_case: Callable[..., Case],
) -> None:
    run = known_case(epochs=4, patience=1)
    trained = run.train(GOOD, [], GOOD)
    assert (trained.best_epoch, trained.epochs) == (4, 4)
    assert {(e.validation_loss, e.validation_accuracy, e.validation_macro_f1) for e in run.of(EpochDone)} == {
        (None, None, None)
    }
    assert equal(run.model.weights(), run.weights[-1])


def test_there_may_be_no_test_documents(known_case: Callable[..., Case]) -> None:
    run = known_case(epochs=1)
    assert run.train(GOOD, GOOD, []).test.rows == 0
    (tested,) = run.of(events.Tested)
    assert (tested.loss, tested.confusion) == (None, [[0, 0], [0, 0]])


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize("batch_size", [1, 2])
def test_a_loss_that_is_no_number_ends_the_training(known_case: Callable[..., Case], batch_size: int) -> None:
    run = known_case(epochs=1, batch_size=batch_size, learning_rate=1e30)  # two steps, or a single one
    with pytest.raises(TrainingError, match=r"Lower train\.learning_rate"):
        run.train(GOOD, GOOD, GOOD)


@pytest.mark.parametrize(("class_weights", "right", "wrong"), [("none", 3 / 4, 1 / 4), ("balanced", 1 / 2, 1 / 2)])
def test_balanced_classes_count_the_same(
    known_case: Callable[..., Case], class_weights: str, right: float, wrong: float
) -> None:
    run = known_case(epochs=1, batch_size=4, class_weights=class_weights)
    run.train([*GOOD[:1] * 3, *TURNED[:1]], [], [])
    assert run.of(EpochDone)[0].loss == pytest.approx(right * np.log(4 / 3) + wrong * np.log(4))


def test_what_is_published_and_tested_are_the_networks_with_naive_bayes(case: Callable[..., Case]) -> None:
    run = case(epochs=1)
    trained = run.train(SEPARABLE, SEPARABLE, SEPARABLE)
    tested = next(event for event in run.events if isinstance(event, events.Tested))
    assert list(tested.members) == ["textcnn", "logistic regression", "naive Bayes"]
    assert trained.model.weights.numpy().tolist() == [member.weight for member in tested.members.values()]
    counting = tested.members["naive Bayes"]
    assert counting.weight > 0  # after an epoch, counting knows more
    assert np.trace(counting.confusion) == len(SEPARABLE)
    assert trained.test.accuracy == 1
    assert trained.test.confusion.tolist() == tested.confusion


def test_what_naive_bayes_says_in_the_end_is_counted_from_validation_documents_too(case: Callable[..., Case]) -> None:
    first, second = (case(epochs=1).train(SEPARABLE, validation, []) for validation in (SEPARABLE, SEPARABLE * 2))
    tables = [trained.model.bayes.tables["word"].numpy() for trained in (first, second)]
    assert (tables[0] != tables[1]).any()


def test_without_validation_documents_the_networks_mean_stands_alone(case: Callable[..., Case]) -> None:
    trained = case(epochs=1).train(SEPARABLE, [], SEPARABLE)
    assert trained.model.weights.numpy().tolist() == [0.5, 0.5, 0]


def test_each_network_keeps_its_own_best_epoch_and_one_that_gets_better_is_waited_for(
    case: Callable[..., Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = case(epochs=10, patience=2)
    right_of_ten = iter([(5, 1), (4, 2), (4, 3), (4, 2), (4, 2)])

    def evaluations(_: Share) -> tuple[list[Evaluation], Evaluation]:
        each = [with_accuracy(right / 10) for right in next(right_of_ten)]
        return each, each[0]

    monkeypatch.setattr(run.model, "evaluate", evaluations)
    trained = run.train(SEPARABLE, SEPARABLE, [])
    assert (trained.best_epoch, trained.epochs) == (1, 5)
    first, second = run.model.weights()
    assert equal([first], [run.weights[0][0]])
    assert equal([second], [run.weights[2][1]])


def test_an_average_of_the_weights_of_the_epochs_is_kept_where_it_is_better(
    case: Callable[..., Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = case(epochs=3, patience=3, averaging=0.25)
    # The weights of each network after an epoch, and then their average: of the second, that of the last epoch is best.
    right_of_ten = iter([(5, 1), (5, 1), (6, 2), (5, 3), (4, 2), (4, 4)])

    def evaluations(_: Share) -> tuple[list[Evaluation], Evaluation]:
        each = [with_accuracy(right / 10) for right in next(right_of_ten)]
        return each, each[0]

    monkeypatch.setattr(run.model, "evaluate", evaluations)
    run.train(SEPARABLE, SEPARABLE, [])
    first, second = run.model.weights()
    assert equal([first], [run.weights[1][0]])
    of_epochs = zip(*(weights[1] for weights in run.weights), strict=True)
    for kept, (one, two, three) in zip(second, of_epochs, strict=True):
        assert kept == pytest.approx(one / 16 + two * 3 / 16 + three * 3 / 4, abs=1e-6)


def test_an_average_changes_nothing_of_the_training(case: Callable[..., Case]) -> None:
    without, averaging = (case(True, epochs=3, patience=3, averaging=kept) for kept in (0.0, 0.5))
    for run in (without, averaging):
        run.train(SEPARABLE, SEPARABLE[::2], [])
    assert all(equal(a, b) for a, b in zip(without.weights, averaging.weights, strict=True))


def test_a_better_average_renews_the_patience(case: Callable[..., Case], monkeypatch: pytest.MonkeyPatch) -> None:
    run = case(epochs=10, patience=1, averaging=0.5)
    right_of_ten = iter([5, 5, 5, 6, 5, 6])
    monkeypatch.setattr(run.model, "evaluate", lambda _: ([found := with_accuracy(next(right_of_ten) / 10)] * 2, found))
    trained = run.train(SEPARABLE, SEPARABLE, [])
    assert (trained.best_epoch, trained.epochs) == (2, 3)


def test_without_validation_documents_the_average_is_kept(case: Callable[..., Case]) -> None:
    run = case(epochs=2, averaging=0.5)
    run.train(SEPARABLE, [], [])
    for kept, weights in zip(run.model.weights(), zip(*run.weights, strict=True), strict=True):
        for one, first, last in zip(kept, *weights, strict=True):
            assert one == pytest.approx((first + last) / 2, abs=1e-6)


class StoppedError(Exception):
    """A training ends from outside."""


class Prompt(Checkpoints):
    """Checkpoints that are always due, and in place when the training goes on."""

    due = True

    def save(self, checkpoint: Checkpoint) -> None:
        self._save(checkpoint)


def test_a_training_that_was_stopped_goes_on_as_if_it_had_not_been(
    case: Callable[..., Case], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(training, "REPORT_SECONDS", 0.0)

    def trained(
        last: int, checkpoints: Checkpoints | None, new: bool = False
    ) -> tuple[Case, list[Weights], list[tuple[int, list[int]]]]:
        """Trains up to a step, if there are more; returns the weights, and the steps with their documents."""
        run = case(new, epochs=3, patience=3, warmup=0.2, decay="cosine", averaging=0.5)
        train_step, steps = run.model.train, []

        def step(batch: Batch, number: int, share: float) -> Any:
            if number > last:
                raise StoppedError
            steps.append((number, batch.ids["word"].ravel().tolist()))
            return train_step(batch, number, share)

        with monkeypatch.context() as patch, suppress(StoppedError):
            patch.setattr(run.model, "train", step)
            run.train(SEPARABLE, SEPARABLE[::3], SEPARABLE[1::3], checkpoints)
        return run, run.model.weights(), steps

    whole, expected, steps = trained(36, None)
    for last in (1, 12, 30):
        checkpoints = Prompt(str(tmp_path / f"checkpoints-{last}"), 60, 0, lambda _: None)
        stopped, _, before = trained(last, checkpoints)
        resumed, weights, after = trained(36, checkpoints, new=True)
        assert before + after == steps
        assert equal(weights, expected)
        # Whoever has lost what was told before hears it again.
        assert resumed.of(EpochDone)[: len(stopped.of(EpochDone))] == stopped.of(EpochDone)
        assert [(e.epoch, e.trained) for e in resumed.of(EpochDone)] == [(1, 45), (2, 45), (3, 45)]
        assert losses(resumed) == losses(whole)
        assert resumed.of(events.Tested)[0].members == whole.of(events.Tested)[0].members


def losses(run: Case) -> list[tuple[float, float | None]]:
    return [(event.loss, event.validation_loss) for event in run.of(EpochDone)]

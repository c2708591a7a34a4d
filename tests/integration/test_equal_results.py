"""Several workers train what one would train, whatever each of them holds."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from run.config import ModelConfig, TrainConfig
from run.events import EpochDone, Event
from run.splits import Split
from tests.encoded import word_block
from tests.integration import gang
from trainer.batches import Batch
from trainer.collective import Collective
from trainer.place import Place
from trainer.spool import Spool
from trainer.step import ReplicatedModel
from trainer.training import shares_of, train

pytestmark = pytest.mark.integration

MODEL = ModelConfig(
    networks=("textcnn", "textrnn", "mlp", "logistic_regression"),
    embedding_size=16,
    widths=(2, 3),
    filters=8,
    units=8,
    dropout=0.0,
    embedding_dropout=0.0,
    token_dropout=0.0,
)
VOCABULARY, CLASSES, STEPS, DOCUMENTS = 50, 3, 20, 16


def batches(number: int, start: int, stop: int) -> Batch:
    """Returns a part of the documents of a step, the same in every process."""
    random = np.random.default_rng(number)
    ids = random.integers(1, VOCABULARY, (DOCUMENTS, 12)).astype(np.int32)
    ids *= np.arange(12) < random.integers(1, 13, (DOCUMENTS, 1))
    labels = random.integers(0, CLASSES, DOCUMENTS).astype(np.int32)
    return Batch({"word": ids[start:stop]}, labels[start:stop], np.ones(stop - start, np.float32))


CASES: dict[str, tuple[dict[Split, int], dict[Split, int]]] = {
    "1 : 9": ({"train": 90, "validation": 5, "test": 9}, {"train": 10, "validation": 5, "test": 1}),
    "a worker gets nothing": ({"train": 40, "validation": 4, "test": 6}, {"train": 0, "validation": 0, "test": 0}),
    "fewer documents than workers": (
        {"train": 0, "validation": 3, "test": 0},
        {"train": 1, "validation": 0, "test": 2},
    ),
}
"""What each of the two workers holds."""


@dataclass(frozen=True)
class Outcome:
    """What a worker says of a training."""

    counted: list[int]
    """Documents of each epoch."""
    weights: list[np.ndarray]
    confusion: np.ndarray


def weights_after_steps(place: Place, start: int, stop: int) -> list[np.ndarray]:
    return _weights_after_steps(Collective(place), start, stop)


def all_of_it(place: Place, folder: Path, start: int, stop: int) -> tuple[list[np.ndarray], dict[str, Outcome]]:
    """All that is asked of two workers, in one go: their processes take seconds to start."""
    collective = Collective(place)
    weights = _weights_after_steps(collective, start, stop)
    return weights, {case: _train(collective, folder / case, held[place.worker]) for case, held in CASES.items()}


def _weights_after_steps(collective: Collective, start: int, stop: int) -> list[np.ndarray]:
    # Short enough that gradients are clipped, and by other shares in other steps.
    model = ReplicatedModel(MODEL, TrainConfig(clip_norm=0.2), {"word": VOCABULARY}, CLASSES, collective)
    for step in range(STEPS):
        model.train(batches(step, start, stop), step)
    return flat(model)


def flat(model: ReplicatedModel) -> list[np.ndarray]:
    """The weights of all networks, one after the other."""
    return [weights for network in model.weights() for weights in network]


def _train(collective: Collective, folder: Path, documents: dict[Split, int]) -> Outcome:
    worker = collective.place.worker
    random = np.random.default_rng(worker)
    spool = Spool(folder / str(worker), ("word",))
    for sequence, (split, number) in enumerate(documents.items()):
        if number:
            ids = [random.integers(2, VOCABULARY, random.integers(1, 12)).tolist() for _ in range(number)]
            pairs = [(i, j % CLASSES) for j, i in enumerate(ids)]
            spool.add(word_block(split, worker, sequence, pairs).to_bytes())
    model = ReplicatedModel(MODEL, TrainConfig(), {"word": VOCABULARY}, CLASSES, collective)
    events: list[Event] = []
    trained = train(
        model,
        TrainConfig(epochs=2, batch_size=8, class_weights="balanced", warmup=0.1, decay="cosine", averaging=0.5),
        shares_of(spool),
        events.append,
    )
    counted = [event.trained for event in events if isinstance(event, EpochDone)]
    return Outcome(counted, flat(model), trained.test.confusion)


@pytest.fixture(scope="module")
def two_workers(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    folder = tmp_path_factory.mktemp("spools")
    return gang.run(all_of_it, [(folder, 0, 6), (folder, 6, DOCUMENTS)])


def test_two_workers_follow_one_that_has_all_their_documents(two_workers: list[Any]) -> None:
    alone = gang.run(weights_after_steps, [(0, DOCUMENTS)])[0]
    for one, first, second in zip(alone, *(weights for weights, _ in two_workers), strict=True):
        np.testing.assert_array_equal(first, second)
        np.testing.assert_allclose(first, one, rtol=0, atol=1e-4)


@pytest.mark.parametrize("case", CASES)
def test_every_document_is_trained_once_an_epoch(two_workers: list[Any], case: str) -> None:
    first, second = CASES[case]
    for _, outcomes in two_workers:
        outcome: Outcome = outcomes[case]
        assert outcome.counted == [first["train"] + second["train"]] * 2
        assert outcome.confusion.sum() == first["test"] + second["test"]
        for mine, chiefs in zip(outcome.weights, two_workers[0][1][case].weights, strict=True):
            np.testing.assert_array_equal(mine, chiefs)

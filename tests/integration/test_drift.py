"""A replica whose weights have drifted from the others' ends the training within the epoch, on every worker."""

from pathlib import Path
from typing import Any

import pytest

from run.config import ModelConfig, TrainConfig
from run.events import EpochDone, Event
from tests.encoded import word_block
from tests.integration import gang
from trainer.batches import Batch
from trainer.collective import Collective
from trainer.errors import TrainingError
from trainer.place import Place
from trainer.spool import Spool
from trainer.step import ReplicatedModel
from trainer.training import shares_of, train

pytestmark = pytest.mark.integration

DOCUMENTS, BATCH = 32, 8
STEPS = DOCUMENTS // BATCH
"""In each epoch: every worker has half of the documents, and of each batch."""


def drifting(place: Place, folder: Path) -> tuple[str, list[int]]:
    """Trains with a step on the last worker that changes a weight there alone; returns the error, and the epochs."""
    model = ReplicatedModel(ModelConfig(), TrainConfig(), {"word": 50}, 2, Collective(place))
    spool = Spool(folder / str(place.worker), ("word",))
    documents = [([2 + number, 3 + number], number % 2) for number in range(DOCUMENTS // place.workers)]
    spool.add(word_block("train", place.worker, 0, documents).to_bytes())
    step = model.train

    def faulty(batch: Batch, number: int, share: float) -> Any:
        done = step(batch, number, share)
        if number == STEPS + 2 and place.worker == place.workers - 1:
            weights = model.weights()
            weights[0][0].flat[0] += 1.0
            model.restore(weights)
        return done

    model.train = faulty  # type: ignore[method-assign,assignment]
    events: list[Event] = []
    try:
        train(model, TrainConfig(epochs=5, batch_size=BATCH), shares_of(spool), events.append)
    except TrainingError as error:
        return str(error), [event.epoch for event in events if isinstance(event, EpochDone)]
    return "", []


def test_a_weight_that_changes_on_one_worker_is_found_at_the_end_of_the_epoch(tmp_path: Path) -> None:
    for error, epochs in gang.run(drifting, [(tmp_path,), (tmp_path,)]):
        assert "no longer the same at the end of epoch 2" in error
        assert epochs == [1]

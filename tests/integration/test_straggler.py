"""A worker that is slower than the others is named by every worker, though a step lasts as long on all."""

import time
from pathlib import Path
from typing import Any

import pytest

from run.config import ModelConfig, TrainConfig
from run.events import Event, Progress
from tests.encoded import word_block
from tests.integration import gang
from trainer import training
from trainer.batches import Batch
from trainer.collective import Collective
from trainer.place import Place
from trainer.spool import Spool
from trainer.step import ReplicatedModel
from trainer.training import shares_of, train

pytestmark = pytest.mark.integration

DOCUMENTS, BATCH = 200, 4
SLOW = 1
"""The worker that waits before each of its steps, as on a processor that is busy with something else."""


def named(place: Place, folder: Path) -> list[tuple[int, float] | None]:
    """Trains; returns who was said to keep the others waiting, report by report."""
    training.PACE_SECONDS = training.REPORT_SECONDS
    model = ReplicatedModel(ModelConfig(), TrainConfig(), {"word": 50}, 2, Collective(place))
    spool = Spool(folder / str(place.worker), ("word",))
    documents = [([2 + number % 40, 3], number % 2) for number in range(DOCUMENTS // place.workers)]
    spool.add(word_block("train", place.worker, 0, documents).to_bytes())
    step = model.train

    def slowed(batch: Batch, number: int, share: float) -> Any:
        if place.worker == SLOW:
            time.sleep(0.1)
        return step(batch, number, share)

    model.train = slowed  # type: ignore[method-assign,assignment]
    events: list[Event] = []
    train(model, TrainConfig(epochs=2, batch_size=BATCH), shares_of(spool), events.append)
    stragglers = [event.straggler for event in events if isinstance(event, Progress)]
    return [(s.worker, s.times) if s else None for s in stragglers]


def test_the_slow_worker_is_named_and_by_how_much(tmp_path: Path) -> None:
    for stragglers in gang.run(named, [(tmp_path,), (tmp_path,)]):
        assert stragglers[0] is None  # the first steps, which are compiled, tell nothing
        worker, times = stragglers[-1] or (None, 0.0)
        assert worker == SLOW
        assert times > 3

"""With train.deterministic, workers get the same weights to the bit each time, whichever of them has which share."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from run.config import TrainConfig
from run.events import EpochDone, Event
from run.splits import Split
from tests.encoded import word_block
from tests.integration import gang
from tests.integration.test_equal_results import CLASSES, MODEL, VOCABULARY, flat
from trainer.collective import Collective
from trainer.place import Place
from trainer.spool import Spool
from trainer.step import ReplicatedModel
from trainer.training import shares_of, train

pytestmark = pytest.mark.integration

WORKERS = 3
"""With two, a sum is the same in both orders."""
TRAIN = TrainConfig(epochs=2, batch_size=12, clip_norm=0.2, averaging=0.5, deterministic=True)


@dataclass(frozen=True)
class Outcome:
    """What a worker says of a training."""

    weights: list[bytes]
    mixture: bytes
    epochs: list[EpochDone]


def trained(place: Place, folder: Path, turned: int) -> Outcome:
    """Trains with the share of another worker than this one's, so many places further."""
    collective = Collective(place, TRAIN.deterministic)
    share = (place.worker + turned) % place.workers
    random = np.random.default_rng(share)
    spool = Spool(folder / str(place.worker), ("word",))
    numbers: dict[Split, int] = {"train": 60 + share, "validation": 9, "test": 9}
    for sequence, (split, number) in enumerate(numbers.items()):
        documents = [random.integers(2, VOCABULARY, random.integers(1, 12)).tolist() for _ in range(number)]
        pairs = [(ids, number % CLASSES) for number, ids in enumerate(documents)]
        spool.add(word_block(split, share, sequence, pairs).to_bytes())
    collective.rank_by(spool.first)
    dropping = replace(MODEL, dropout=0.5, embedding_dropout=0.3, token_dropout=0.1)
    model = ReplicatedModel(dropping, TRAIN, {"word": VOCABULARY}, CLASSES, collective)
    events: list[Event] = []
    mixture = train(model, TRAIN, shares_of(spool), events.append).model
    epochs = [replace(event, worker=0, seconds=0.0) for event in events if isinstance(event, EpochDone)]
    return Outcome([w.tobytes() for w in flat(model)], mixture.weights.numpy().tobytes(), epochs)


def test_weights_and_figures_are_the_same_whichever_worker_has_which_share(tmp_path: Path) -> None:
    first, second = (gang.run(trained, [(tmp_path / f"turned by {turned}", turned)] * WORKERS) for turned in (0, 1))
    assert all(outcome == first[0] for outcome in (*first, *second))

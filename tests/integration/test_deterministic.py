"""With train.deterministic, workers get the same weights to the bit each time, whichever of them has which share."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from run.config import TrainConfig
from run.events import EpochDone, Event, Judged
from run.splits import Split
from tests.encoded import word_block, word_language
from tests.integration import gang
from tests.integration.conftest import Command
from tests.integration.test_equal_results import CLASSES, MODEL, VOCABULARY, flat
from tests.integration.test_main_job import small
from trainer.collective import Collective
from trainer.inspecting import judged
from trainer.place import Place
from trainer.spool import Spool
from trainer.step import ReplicatedModel
from trainer.training import shares_of, train

pytestmark = pytest.mark.integration

WORKERS = 3
"""With two, a sum is the same in both orders."""
LANGUAGE = word_language([f"t{number}" for number in range(2, VOCABULARY)], [f"c{number}" for number in range(CLASSES)])
COPIES = [([2, 3, 4, 5], label) for label in range(CLASSES)]
"""Test documents that every worker has, and all of which but one the model mistakes: one worker explains them."""
TRAIN = TrainConfig(epochs=2, batch_size=12, clip_norm=0.2, averaging=0.5, deterministic=True)


@dataclass(frozen=True)
class Outcome:
    """What a worker says of a training."""

    weights: list[bytes]
    mixture: bytes
    epochs: list[EpochDone]
    judged: Judged


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
        pairs += COPIES if split == "test" else []
        spool.add(word_block(split, share, sequence, pairs).to_bytes())
    collective.rank_by(spool.first)
    dropping = replace(MODEL, dropout=0.5, embedding_dropout=0.3, token_dropout=0.1)
    model = ReplicatedModel(dropping, TRAIN, {"word": VOCABULARY}, CLASSES, collective)
    events: list[Event] = []
    shares = shares_of(spool)
    mixture = train(model, TRAIN, shares, events.append).model
    told = replace(judged(mixture, shares["test"], LANGUAGE, collective), worker=0)
    epochs = [replace(event, worker=0, seconds=0.0) for event in events if isinstance(event, EpochDone)]
    return Outcome([w.tobytes() for w in flat(model)], mixture.weights.numpy().tobytes(), epochs, told)


def test_weights_and_figures_are_the_same_whichever_worker_has_which_share(tmp_path: Path) -> None:
    first, second = (gang.run(trained, [(tmp_path / f"turned by {turned}", turned)] * WORKERS) for turned in (0, 1))
    assert all(outcome == first[0] for outcome in (*first, *second))
    assert {"t2", "t3", "t4", "t5"} in [set(mistake.tokens) for mistake in first[0].judged.mistakes]


OF_EACH_RUN = {"run", "model", "time", "seconds", "documents_per_second"}
"""What the reports of two equal runs differ in: their names, and their times."""


def without_times(values: Any) -> Any:
    """A report without what is of each run."""
    if isinstance(values, Mapping):
        return {name: without_times(value) for name, value in values.items() if name not in OF_EACH_RUN}
    return [*map(without_times, values)] if isinstance(values, list) else values


def test_two_runs_publish_the_same_weights_and_report_the_same(
    command: Command, reviews: list[dict[str, Any]], tmp_path: Path
) -> None:
    """Whichever executor Spark gives which share, and in whatever order blocks arrive."""
    (tmp_path / "in").mkdir()
    for number in range(4):  # of which Spark makes several partitions
        rows = (json.dumps(row, ensure_ascii=False) + "\n" for row in reviews[number::8])
        (tmp_path / "in" / f"{number}.jsonl").write_text("".join(rows), encoding="utf-8")
    changes = small(f"data.input={tmp_path}/in", "train.epochs=2", "train.batch_size=32", "train.deterministic=true")
    for out in (tmp_path / "first", tmp_path / "second"):
        outcome = command(["textcnn", "train", "examples/reviews.toml", *changes, "--out", out])
        assert outcome.status == 0, outcome.terminal
    first, second = (
        {file.name: file.read_bytes() for file in (tmp_path / out / "model/1/variables").iterdir()}
        for out in ("first", "second")
    )
    assert first.keys() == {"variables.data-00000-of-00001", "variables.index"}
    assert first == second
    reports = [json.loads((tmp_path / out / "report.json").read_bytes()) for out in ("first", "second")]
    assert without_times(reports[0]) == without_times(reports[1])
    assert reports[0]["seconds"] != reports[1]["seconds"]
    answers = [(tmp_path / out / "test.json").read_bytes() for out in ("first", "second")]
    assert answers[0] == answers[1]

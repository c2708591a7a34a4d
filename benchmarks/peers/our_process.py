"""Our training loop in one process with all cores."""

import time
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import rates, reviews
from benchmarks.peers.protocol import BATCH, REVIEWS, answer, task
from run.config import TrainConfig
from run.events import Event, Tested
from trainer.collective import Collective
from trainer.place import laptop
from trainer.step import ReplicatedModel
from trainer.training import shares_of, train


def main() -> None:
    asked = task(__doc__)
    config = TrainConfig(epochs=asked.epochs, patience=asked.epochs, batch_size=BATCH, label_smoothing=0.0)
    events: list[tuple[float, Event]] = []
    with TemporaryDirectory() as folder:
        corpus = reviews.spooled(Path(folder) / "spool", reviews.by_text, file=asked.folder / REVIEWS)
        collective = Collective(laptop())
        model = ReplicatedModel(reviews.PLAIN, config, corpus.language.sizes, len(corpus.language.labels), collective)
        train(model, config, shares_of(corpus.spool), lambda event: events.append((time.perf_counter(), event)))
    (tested,) = (event for _, event in events if isinstance(event, Tested))
    answer(rates.from_second_epoch(events), rates.accuracy(tested))


if __name__ == "__main__":
    main()

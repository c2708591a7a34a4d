"""The training loop in one process with all cores; prints its documents/s and test accuracy as JSON.

python -m benchmarks.one_process [--epochs N] [--split text|row]

`--split row` draws the split of each row by lot, as many tutorials do. Half of the reviews are repeats of others, so
that most of the test reviews are then in training too: the accuracy it gives is one of memory, not of judgement.
"""

import argparse
import json
import random
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import reviews
from benchmarks.reviews import by_text
from run.config import TrainConfig
from run.splits import Split
from trainer.collective import Collective
from trainer.place import laptop
from trainer.step import ReplicatedModel
from trainer.training import shares_of, train


def by_row(number: int, _: str) -> Split:
    """A split that knows nothing of repeats."""
    place = random.Random(number).random()
    return "test" if place < 0.1 else "validation" if place < 0.2 else "train"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--split", choices=["text", "row"], default="text")
    options = parser.parse_args()
    config = TrainConfig(epochs=options.epochs, patience=options.epochs, batch_size=reviews.BATCH)
    with TemporaryDirectory() as folder:
        corpus = reviews.spooled(Path(folder) / "spool", by_text if options.split == "text" else by_row)
        collective = Collective(laptop())
        model = ReplicatedModel(reviews.MODEL, config, corpus.language.sizes, len(corpus.language.labels), collective)
        trained = train(model, config, shares_of(corpus.spool), lambda _: None)
    print(json.dumps({"documents_per_second": trained.documents_per_second, "accuracy": trained.test.accuracy}))


if __name__ == "__main__":
    main()

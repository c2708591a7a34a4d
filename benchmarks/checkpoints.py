"""What checkpoints cost a training of the reviews in one process, by trainings with many of them and with none.

python -m benchmarks.checkpoints

Prints as JSON the share of the time that one a minute takes, and the size of one.
"""

import json
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks import reviews
from benchmarks.reviews import by_text
from run.config import ModelConfig, TrainConfig
from trainer.checkpoint import Checkpoint, Checkpoints
from trainer.collective import Collective
from trainer.place import laptop
from trainer.step import ReplicatedModel
from trainer.training import shares_of, train

SECONDS = 3.0
"""Between two checkpoints: often enough that what they cost is more than noise."""
EPOCHS = 2
PAIRS = 3


class Counted(Checkpoints):
    """Counts the checkpoints that are saved."""

    saved = 0
    size = 0
    """Of the last one, in bytes."""

    def save(self, checkpoint: Checkpoint) -> None:
        """Saves it too."""
        self.saved += 1
        self.size = sum(array.nbytes for array in checkpoint.arrays.values())
        super().save(checkpoint)


def main() -> None:
    config = TrainConfig(epochs=EPOCHS, patience=EPOCHS, batch_size=reviews.BATCH)
    collective = Collective(laptop())
    with TemporaryDirectory() as folder:
        corpus = reviews.spooled(Path(folder) / "spool", by_text)
        shares = shares_of(corpus.spool)
        documents = EPOCHS * len(shares["train"])

        def seconds(checkpoints: Checkpoints | None) -> float:
            model = ReplicatedModel(
                ModelConfig(), config, corpus.language.sizes, len(corpus.language.labels), collective
            )
            return documents / train(model, config, shares, lambda _: None, checkpoints).documents_per_second

        costs, size = [], 0
        for number in range(PAIRS):
            without = seconds(None)
            checkpoints = Counted(str(Path(folder) / f"checkpoints-{number}"), SECONDS, 0, print)
            with checkpoints:
                taken = seconds(checkpoints) - without
            costs.append(taken / checkpoints.saved / 60.0)
            size = checkpoints.size
    print(json.dumps({"share of the time, one a minute": median(costs), "MB": size / 1e6}))


if __name__ == "__main__":
    main()

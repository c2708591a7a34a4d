"""Training steps on batches that lie ready, on a GPU where TensorFlow sees one.

python -m benchmarks.step [--batch N …] [--view NAME …]

Prints for each size of batch milliseconds a step and documents/s, as JSON.
"""

import argparse
import json
import time
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import get_args

import tensorflow as tf

from benchmarks import reviews
from benchmarks.reviews import by_text
from run.config import TrainConfig, View
from trainer import batches, devices
from trainer.collective import Collective
from trainer.place import laptop
from trainer.spool import Share
from trainer.step import ReplicatedModel
from trainer.training import shares_of

WARM_UP = 10
STEPS = 40


def milliseconds(model: ReplicatedModel, share: Share, size: int) -> float:
    """Of a step, over `STEPS` of them, the last one's end included."""
    whole = len(share) // size
    ready = [
        batch
        for epoch in range(1, 2 + (WARM_UP + STEPS) // whole)
        for batch in islice(batches.epoch(share, size=size, seed=1, number=epoch, worker=0, count=whole + 1), whole)
    ]
    for number, batch in enumerate(ready[: WARM_UP + STEPS], 1):
        loss, _ = model.train(batch, number)
        if number == WARM_UP:
            loss.numpy()  # waits until the device is done
            begun = time.perf_counter()
    loss.numpy()
    return (time.perf_counter() - begun) / STEPS * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batch", type=int, nargs="+", default=[256, 1024, 4096])
    parser.add_argument("--view", nargs="+", choices=get_args(View), default=["word"])
    options = parser.parse_args()
    devices.take(laptop())
    collective = Collective(laptop())
    found = {}
    with TemporaryDirectory() as folder:
        corpus = reviews.spooled(Path(folder) / "spool", by_text, options.view)
        share = shares_of(corpus.spool)["train"]
        for size in options.batch:
            config = TrainConfig(batch_size=size)
            classes = len(corpus.language.labels)
            model = ReplicatedModel(reviews.MODEL, config, corpus.language.sizes, classes, collective)
            taken = milliseconds(model, share, size)
            found[f"batches of {size}"] = {"ms": round(taken, 2), "documents/s": round(size / taken * 1000)}
    device = "GPU" if tf.config.list_physical_devices("GPU") else "CPU"
    print(json.dumps({"device": device, "views": options.view, **found}))


if __name__ == "__main__":
    main()

"""What workers send each other in a step, counted on this machine's loopback, beside what a model of it says.

python -m benchmarks.exchange [--workers N …] [--batch 256]

A worker sends, in a ring of N, twice but for an Nth each time (all-reduce): the gradients of the embedding's rows that
any worker has, those of all other weights, and marks of which rows it has. Prints, as a line of JSON for each number of
workers, those rows, and megabytes a step and worker, counted and by the model, for the model of `benchmarks.reviews`.
"""

import argparse
import json
import multiprocessing
import os
import socket
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks import reviews
from benchmarks.reviews import by_text
from run.config import TrainConfig
from trainer.place import Place

WARM_UP, STEPS = 4, 16
BYTES = 4
"""Of a float32 and of an int32."""
LIMIT_SECONDS = 400


@dataclass(frozen=True)
class Found:
    """What a worker has found."""

    sent: int
    """Bytes that all of this machine have sent over its loopback."""
    tokens: list[np.ndarray]
    """Distinct ones of the batch of each step."""
    marks: int
    """Of which rows it has."""
    others: int
    """Weights besides the embedding."""


def trained(workers: int, batch: int) -> dict[str, float]:
    """Has so many workers train, each on batches of so many documents; returns megabytes a step and worker."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(workers)]
        addresses = [f"127.0.0.1:{s.getsockname()[1]}" for s in sockets]
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
        futures = [pool.submit(worker, addresses, number, batch) for number in range(workers)]
        found = [future.result(LIMIT_SECONDS) for future in futures]
    steps = zip(*(of_worker.tokens for of_worker in found), strict=True)
    rows = float(np.mean([len(np.unique(np.concatenate(of_step))) for of_step in steps]))
    summed = rows * reviews.MODEL.embedding_size + found[0].others + found[0].marks
    model = 2 * (workers - 1) / workers * summed * BYTES
    counted = max(of_worker.sent for of_worker in found) / STEPS / workers
    return {
        "workers": workers,
        "rows": round(rows),
        "counted": round(counted / 1e6, 2),
        "by the model": round(model / 1e6, 2),
    }


def worker(addresses: list[str], number: int, batch: int) -> Found:
    """Trains as one of the workers."""
    cluster = {"chief": addresses[:1], "worker": addresses[1:]}
    task = {"type": "worker", "index": number - 1} if number else {"type": "chief", "index": 0}
    os.environ["TF_CONFIG"] = json.dumps({"cluster": cluster, "task": task})
    from trainer import batches
    from trainer.collective import Collective
    from trainer.marks import Marks
    from trainer.step import ReplicatedModel
    from trainer.training import shares_of

    collective = Collective(Place(number, len(addresses), 1))
    with TemporaryDirectory() as folder:
        corpus = reviews.spooled(Path(folder) / "spool", by_text)
        share = shares_of(corpus.spool)["train"]
        config, sizes = TrainConfig(batch_size=batch * len(addresses)), corpus.language.sizes
        model = ReplicatedModel(reviews.MODEL, config, sizes, len(corpus.language.labels), collective)
        epoch = batches.epoch(share, size=batch, seed=1 + number, number=1, worker=0, count=len(share) // batch)
        ready = list(islice(epoch, WARM_UP + STEPS))
        for step, each in enumerate(ready, 1):
            model.train(each, step)[0].numpy()
            if step == WARM_UP:
                collective.gather(1.0)
                before = sent()
        after = sent()
        collective.gather(1.0)
        networks = model.networks.values()
        weights = sum(weight.shape.num_elements() for of in networks for weight in of.trainable_variables)
        tables = sum(table.shape.num_elements() for of in networks for table in of.tables.values())
    tokens = [np.unique(each.ids["word"]) for each in ready[WARM_UP:]]
    return Found(after - before, tokens, Marks(sizes["word"], len(addresses)).words, weights - tables)


def sent() -> int:
    """Returns the bytes that this machine has sent over its loopback."""
    return int(Path("/sys/class/net/lo/statistics/tx_bytes").read_text(encoding="ascii"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4, 8])
    parser.add_argument("--batch", type=int, default=256, help="documents of a worker (default: 256)")
    options = parser.parse_args()
    for workers in options.workers:
        print(json.dumps(trained(workers, options.batch)), flush=True)


if __name__ == "__main__":
    main()

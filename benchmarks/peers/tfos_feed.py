"""Plain TensorFlowOnSpark's feed alone: records from Spark's tasks to workers that do nothing with them.

Prints documents/s and executor, from a worker's first record to its last.
"""

import time
from pathlib import Path
from statistics import mean
from typing import Any

from tensorflowonspark import TFCluster, TFNode

from benchmarks.peers.protocol import BATCH, LENGTH, read, task, tell
from benchmarks.peers.spark import WORKERS, session

TIMES = 2
"""How often each document is fed, so that it takes some seconds."""


def main_fun(args: dict[str, Any], ctx: Any) -> None:
    """What each worker does."""
    feed = TFNode.DataFeed(ctx.mgr)
    count, begun = len(feed.next_batch(1)), time.perf_counter()
    while len(feed.next_batch(BATCH)) == BATCH:  # what is left at the end waits for the shutdown
        count, ended = count + BATCH, time.perf_counter()
    Path(args["folder"], f"tfos_feed_{ctx.executor_id}.txt").write_text(str(count / (ended - begun)), encoding="utf-8")


def main() -> None:
    asked = task(__doc__)
    train = read(asked.folder).train
    lengths = LENGTH - (train.ids == 0).sum(1)
    documents = [ids[:length].tolist() for ids, length in zip(train.ids, lengths, strict=True)]
    with session() as spark:
        context = spark.sparkContext
        rows = context.parallelize(TIMES * list(zip(documents, train.labels.tolist(), strict=True)), WORKERS)
        args = {"folder": asked.folder}
        cluster = TFCluster.run(
            context, main_fun, args, WORKERS, 0, input_mode=TFCluster.InputMode.SPARK, master_node="chief"
        )
        cluster.train(rows.cache(), 1)
        cluster.shutdown()  # ends the records, and takes 5 s
    rates = [float((asked.folder / f"tfos_feed_{number}.txt").read_text(encoding="utf-8")) for number in range(WORKERS)]
    tell({"feed": mean(rates)})


if __name__ == "__main__":
    main()

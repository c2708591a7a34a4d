"""From raw texts to blocks in the workers' spools, on two executors of one core each: a run that ends before it trains.

python -m benchmarks.feed [--copies N]

Everything but the worker's work is a run's own. Prints as JSON how many documents there were, documents/s and executor
of the feed alone ("feed"), from a worker's first block to its last, and documents/s and core from the raw texts on
("raw"): read, checked, split, segmented, counted, encoded and fed.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory

from benchmarks import reviews
from cluster import local
from cluster.spark_home import with_logs
from cluster.spark_submit import Launch, spark_home
from run import resources
from run.config import DataConfig, RunConfig, TextConfig
from run.events import Event, Report, Spooled
from run.profile import Profile
from run.result import Result
from spark_driver import corpus, tfos
from spark_driver.event_server import EventServer
from spark_driver.feed import Supervisor
from spark_driver.preparing import prepare
from spark_driver.run_folder import RunFolder
from spark_driver.session import session
from trainer.place import Place
from trainer.predecessor import SPOOL
from trainer.spool import Spool, spooled

FOUND = "feed.json"
STALL_SECONDS = 60.0


class Listener:
    """The driver as a feed task sees it, and what it was told."""

    def __init__(self) -> None:
        self.spooled: list[Spooled] = []

    def tell(self, event: Event) -> None:
        if isinstance(event, Spooled):
            self.spooled.append(event)

    def asked_for_checkpoint(self) -> bool:
        return False


def spool(place: Place, blocks: Iterable[bytes], report: Report) -> None:
    """Does what a worker does before it trains, without TensorFlow, which loads meanwhile in a run."""
    with TemporaryDirectory(prefix=SPOOL, dir=".") as scratch:
        report(spooled(place.worker, Spool(Path(scratch) / "blocks", reviews.VIEWS), blocks, report))


def nobody(_: Event) -> None:
    """Hears that the workers have started."""


def drive(source: str, out: str) -> None:
    """Is the driver."""
    config = RunConfig(data=DataConfig(input=source, format="jsonl"), text=TextConfig(views=reviews.VIEWS))
    with session("feed") as spark:
        request = resources.for_workers(dict(spark.sparkContext.getConf().getAll()))
        folder = RunFolder(out, "feed")
        folder.create()
        begun = time.perf_counter()
        prepared = prepare(spark, config, folder, Result())
        preparing = time.perf_counter() - begun
        context, number = spark.sparkContext, request.executors
        with EventServer.of_driver(context.getConf(), nobody, number) as events:
            workers = tfos.start(context, number, request.cores, spool, events.address)

        def task(partition: Iterable[bytes]) -> Iterator[Spooled]:
            listener = Listener()
            supervisor = Supervisor(workers.channel(), listener, STALL_SECONDS)
            supervisor.feed(partition)
            supervisor.watch()
            return iter(listener.spooled)

        begun = time.perf_counter()
        blocks = corpus.blocks(prepared.documents, prepared.language, request.executors)
        told = blocks.barrier().mapPartitions(task).collect()
        seconds = preparing + time.perf_counter() - begun
    documents = [sum(of_worker.documents.values()) for of_worker in told]
    rates = [number / of_worker.seconds for number, of_worker in zip(documents, told, strict=True)]
    cores = request.executors * request.cores
    found = {
        "documents": sum(documents),
        "feed": mean(rates),
        "raw": sum(documents) / seconds / cores,
    }
    Path(out, FOUND).write_text(json.dumps(found), encoding="utf-8")


def submit(copies: int) -> str:
    """Starts the driver on many copies of the reviews; returns what it has found."""
    with TemporaryDirectory(dir="build") as folder:
        source, out = Path(folder, "reviews").absolute(), Path(folder, "out").absolute()
        source.mkdir()
        for number in range(copies):
            os.link(reviews.FILE, source / f"{number}.jsonl")
        launch = Launch(name="feed", script=Path(__file__), out=str(out), options=["--source", str(source)])
        command = local.command(Profile(), launch, out)
        with with_logs(spark_home(), out) as home:
            environment = os.environ | command.environment | {"SPARK_HOME": str(home), "PYTHONPATH": os.getcwd()}
            subprocess.run(command.argv(), check=True, env=environment, stdout=sys.stderr)
        return (out / FOUND).read_text(encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--copies", type=int, default=32, help="of the 35,123 reviews")
    parser.add_argument("--source", help=argparse.SUPPRESS)
    parser.add_argument("--out", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.source:
        drive(options.source, options.out)
    else:
        print(submit(options.copies))


if __name__ == "__main__":
    main()

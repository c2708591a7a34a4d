"""What more documents cost: runs on 1, 4 and 16 times the reviews, on two executors of one core each.

python -m benchmarks.growth [--times N …] [--epochs N]

Each document beyond the reviews is the beginning of one and the end of another, so that none comes twice. Prints for
each number of documents, as a line of JSON, the seconds of preparing and of an epoch, the microseconds that a document
takes in both, and the most memory of its own (pages of mapped files are the system's to take back) that a process of
each kind took, in MiB: worker, Spark's Python on an executor (which prepares, and feeds), driver, and their JVMs.
"""

import argparse
import json
import random
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from benchmarks import rates, reviews
from benchmarks.memory import own_mib
from benchmarks.peers.our_executors import our_settings, recorded, train_command
from run.events import Started

LOOK_SECONDS = 0.5


def documents(times: int) -> Iterator[tuple[str, str]]:
    """Text and label of so many times the reviews."""
    rows, drawn = reviews.rows(), random.Random(1)
    yield from rows
    for _ in range(times - 1):
        for text, label in rows:
            end, _ = drawn.choice(rows)
            yield text[: len(text) // 2] + end[len(end) // 2 :], label


def kind(process: psutil.Process) -> str | None:
    """What a process of a run is, as its command line says."""
    line = " ".join(process.cmdline())
    for name, program in (("executor's JVM", "CoarseGrainedExecutorBackend"), ("driver's JVM", "deploy.SparkSubmit")):
        if program in line:
            return name
    return "driver" if "spark_driver/train.py" in line else "Spark's Python" if "pyspark" in line else None


def watched(command: list[str]) -> dict[int, tuple[str, float]]:
    """Runs a command; returns what each of its processes was, and the most memory that it took."""
    most: dict[int, tuple[str, float]] = {}
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as launcher:
        while launcher.poll() is None:
            for process in psutil.Process(launcher.pid).children(recursive=True):
                with suppress(psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError):  # it has ended
                    if (name := kind(process)) is not None:
                        _, before = most.get(process.pid, (name, 0.0))
                        most[process.pid] = name, max(before, own_mib(process.pid))
            with suppress(subprocess.TimeoutExpired):
                launcher.wait(LOOK_SECONDS)
    if launcher.returncode:
        raise RuntimeError(f"{' '.join(command)} has ended with {launcher.returncode}")
    return most


def measured(times: int, epochs: int, folder: Path) -> dict[str, float]:
    """Trains on so many times the reviews; returns what it took."""
    file, out = folder / "documents.jsonl", folder / f"run-{times}"
    with file.open("w", encoding="utf-8") as written:
        written.writelines(json.dumps({"text": text, "label": label}) + "\n" for text, label in documents(times))
    settings = our_settings(file) | {"train.epochs": epochs, "train.patience": epochs}
    processes = watched(train_command(settings, str(out)))
    result, events = recorded(out)
    workers = {event.pid for _, event in events if isinstance(event, Started)}
    memory: dict[str, float] = {}
    for pid, (name, mib) in processes.items():
        name = "worker" if pid in workers else name
        memory[name] = max(memory.get(name, 0.0), mib)
    read, prepare, speed = result["rows"]["read"], result["seconds"]["prepare"], rates.from_second_epoch(events)
    return {
        "documents": read,
        "prepare, s": round(prepare, 1),
        "prepare, µs a document": round(prepare / read * 1e6),
        "an epoch, s": round(result["rows"]["train"] / speed, 1),
        "training, µs a document": round(1e6 / speed),
        **{f"{name}, MiB": round(mib) for name, mib in sorted(memory.items())},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, nargs="+", default=[1, 4, 16])
    parser.add_argument("--epochs", type=int, default=2, help="at least 2: the first one is not timed")
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        for times in options.times:
            print(json.dumps(measured(times, options.epochs, Path(folder)), ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()

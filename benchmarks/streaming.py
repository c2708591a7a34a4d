"""How fast `textcnn stream` classifies, and what it asks: prints the figures of each as a line of JSON.

python -m benchmarks.streaming MODEL [stream|python|java …]   # MODEL is the folder of a version

stream is all of it, on all cores: what more of the reviews take than fewer. python is the process that it asks, over
the pipe, and java the same model by TensorFlow's Java API (build/tensorflow-java, which tests/serving fetches), each on
one core, in batches of 256, the best of three times after a first one.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import reviews
from engines.flink.stream.scorer import Scorer

BATCH = 256
TEXTS = 40 * BATCH
TIMES = 4
FEW, MORE = 1, 4
"""How many times over the stream has the reviews."""
LIMIT_SECONDS = 280
JARS = Path("build/tensorflow-java")


def stream(model: Path) -> dict[str, float]:
    (few, seconds_of_few), (more, seconds_of_more) = (streamed(model, times) for times in (FEW, MORE))
    return {
        "texts/s": (more - few) / (seconds_of_more - seconds_of_few),
        f"{few} texts, s": seconds_of_few,
        f"{more} texts, s": seconds_of_more,
    }


def streamed(model: Path, times: int) -> tuple[int, float]:
    """Classifies the reviews so many times over; returns how many came out, and the command's seconds."""
    with TemporaryDirectory() as folder:
        source, output = Path(folder, "in"), Path(folder, "out")
        source.mkdir()
        for number in range(times):
            shutil.copyfile(reviews.FILE, source / f"{number}.jsonl")
        program = str(Path(sys.executable).with_name("textcnn"))
        command = [program, "stream", str(model), "--input", str(source), "--output", str(output), "--once"]
        begun = time.monotonic()
        subprocess.run(command, check=True, timeout=LIMIT_SECONDS)
        seconds = time.monotonic() - begun
        rows = sum(file.read_bytes().count(b"\n") for file in output.glob("predictions/part-*"))
        return rows, seconds


def python(model: Path) -> dict[str, float]:
    texts = [text for text, _ in reviews.rows()][:TEXTS]
    with TemporaryDirectory() as folder, on_one_core():
        scorer = Scorer(sys.executable, str(model), Path(folder, "log"))
        times = []
        for _ in range(TIMES):
            begun = time.perf_counter()
            for start in range(0, len(texts), BATCH):
                scorer.score(texts[start : start + BATCH])
            times.append(time.perf_counter() - begun)
        scorer.close()
    return {"texts/s": len(texts) / min(times[1:])}


def java(model: Path) -> dict[str, float]:
    texts = [text for text, _ in reviews.rows()][:TEXTS]
    program = str(Path(__file__).with_name("Batches.java"))
    with on_one_core():
        answered = subprocess.run(
            ["java", "-Dfile.encoding=UTF-8", "-cp", f"{JARS}/*", program, str(model), str(BATCH), str(TIMES)],
            input="".join(f"{' '.join(text.split())}\n" for text in texts),
            stdout=subprocess.PIPE,
            encoding="utf-8",
            timeout=LIMIT_SECONDS,
            check=True,
        )
    times = list(map(float, answered.stdout.split()))
    return {"texts/s": len(texts) / min(times[1:])}


@contextmanager
def on_one_core() -> Iterator[None]:
    """What is started meanwhile has one core."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


MEASURED = {"stream": stream, "python": python, "java": java}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, metavar="MODEL")
    parser.add_argument("measured", nargs="*", default=list(MEASURED), metavar="WHAT", help=", ".join(MEASURED))
    options = parser.parse_args()
    for what in options.measured:
        figures = MEASURED[what](options.model)
        print(json.dumps({f"{what}: {name}": round(value, 1) for name, value in figures.items()}), flush=True)


if __name__ == "__main__":
    main()

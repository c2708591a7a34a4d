"""How fast engines prepare the reviews, and how fast training from text does; prints the figures as a line of JSON.

python -m benchmarks.preparing [ENGINE …] [--repeat N]   # by default spark, three times; interleaved
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from run.result import Result

CORES = 2
"""Of the executors in the profile local."""
LIMIT_SECONDS = 300
FROM_TEXT = "train from text"


def main(engines: list[str], repeat: int) -> dict[str, float]:
    """Returns the median rate of documents a second and core, from the first row read to the corpus at its place.

    That of a training from text ends where its documents are counted: they are encoded on the way to the workers.
    """
    rates: dict[str, list[float]] = {name: [] for name in [*engines, FROM_TEXT]}
    hashes = set()
    for _ in range(repeat):
        for engine in engines:
            with TemporaryDirectory() as folder:
                corpus = Path(folder, "corpus")
                rates[engine].append(_rate(["prepare", "--engine", engine, "--output", str(corpus)], folder))
                hashes.add(json.loads((corpus / "manifest.json").read_text(encoding="utf-8"))["hash"])
        with TemporaryDirectory() as folder:
            networks = ("--set", "model.networks=['logistic_regression']", "--set", "train.epochs=1")
            rates[FROM_TEXT].append(_rate(["train", *networks], folder))
    assert len(hashes) <= 1, f"the engines do not agree: {hashes}"
    return {f"{name}, documents/s and core": median(found) for name, found in rates.items()}


def _rate(arguments: list[str], folder: str) -> float:
    """Runs textcnn on the reviews and returns the documents that a core has prepared in a second."""
    program = str(Path(sys.executable).with_name("textcnn"))
    command, *options = arguments
    out = Path(folder, "out")
    given = [program, command, "examples/reviews.toml", *options, "--out", str(out)]
    subprocess.run(given, check=True, capture_output=True, timeout=LIMIT_SECONDS)
    result = Result.from_json((out / "result.json").read_bytes())
    assert result.rows.read is not None
    assert result.seconds.prepare is not None
    return result.rows.read / result.seconds.prepare / CORES


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("engines", nargs="*", default=["spark"], metavar="ENGINE")
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    print(json.dumps(main(options.engines, options.repeat)))

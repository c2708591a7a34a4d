"""Training as others do it beside ours, what settings cost or gain, the feeds, and the machine: `make bench`.

python -m benchmarks.side_by_side [--repeat N] [--epochs N] [--documents N]

Everything is measured once, one after the other, and then all of it again. Prints tables, and writes build/bench.json,
build/bench.md and build/bench.svg after each repetition. Ends with 1 if a peer's test accuracy is more than a point
from ours.
"""

import argparse
import json
import os
import platform
import random
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table

from benchmarks import reviews
from benchmarks.peers import protocol
from benchmarks.peers.protocol import Documents, Encoded
from run.splits import SPLITS
from trainer.spool import Share

RESULT = Path("build/bench.json")
PLOT = Path("build/bench.svg")
TABLES = Path("build/bench.md")
PEERS_PYTHON = Path(".venv-peers/bin/python")
LIMIT_SECONDS = 900
SPEED, ACCURACY, SECONDS = "documents/s", "test accuracy", "whole command, s"
POINTS = 0.01
"""How far from ours a peer's test accuracy may be."""
OURS = "ours, 2 executors × 1 core"
ALONE = "ours, one process, 2 cores"
BFLOAT16 = "ours, bfloat16, 2 executors × 1 core"
DETERMINISTIC = "ours, deterministic, 2 executors × 1 core"
PEERS = {
    "plain TFoS, 2 executors × 1 core": (PEERS_PYTHON, "plain_tfos"),
    "Keras 3 fit, one process, 2 cores": (PEERS_PYTHON, "keras_fit"),
    "PyTorch DDP, 2 executors × 1 core": (PEERS_PYTHON, "torch_ddp"),
    ALONE: (Path(sys.executable), "our_process"),
    OURS: (Path(sys.executable), "our_executors"),
    BFLOAT16: (Path(sys.executable), "our_bfloat16"),
    DETERMINISTIC: (Path(sys.executable), "our_deterministic"),
}
"""Each peer's Python and module."""
TFOS_FEED = "plain TFoS, records, documents/s and executor"
OUR_FEED = "ours, encoded blocks, documents/s and executor"

Figures = dict[str, list[float]]
"""What was measured, by its name, in each repetition."""


@dataclass(frozen=True)
class Found:
    """All that was measured."""

    peers: dict[str, Figures]
    other: Figures
    """The feeds and the machine."""

    @classmethod
    def empty(cls) -> "Found":
        return cls({name: {} for name in PEERS}, {})


def add(figures: Figures, measured: Mapping[str, float]) -> None:
    """Adds a repetition's."""
    for name, value in measured.items():
        figures.setdefault(name, []).append(value)


def ratios(over: list[float], under: list[float]) -> list[float]:
    """Returns how many times as much the one is as the other, repetition by repetition: those were side by side."""
    return [a / b for a, b in zip(over, under, strict=True)]


def operations(tokens: float) -> float:
    """Returns the float operations of a plain convolution over a document, forwards and backwards.

    Args:
        tokens: those of the document; its padding is not counted.
    """
    forwards = 2 * tokens * sum(protocol.WIDTHS) * protocol.EMBEDDING * protocol.FILTERS
    return 3 * forwards


def differing(found: Found) -> list[str]:
    """Returns the peers whose test accuracy is more than `POINTS` from ours."""
    ours = median(found.peers[OURS][ACCURACY])
    return [name for name, of in found.peers.items() if abs(median(of[ACCURACY]) - ours) > POINTS]


def script(python: Path, module: str, *arguments: str) -> dict[str, float]:
    """What a measurement in a process of its own prints last, as JSON, and how long the whole command took.

    Raises:
        RuntimeError: it failed; with what it said.
    """
    environment = os.environ | {
        "PYTHONPATH": os.getcwd(),
        "PYSPARK_PYTHON": str(python.absolute()),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "CUDA_VISIBLE_DEVICES": "",
    }
    command = [str(python.absolute()), "-m", f"benchmarks.{module}", *arguments]
    begun = time.perf_counter()
    ended = subprocess.run(
        command, capture_output=True, encoding="utf-8", env=environment, timeout=LIMIT_SECONDS, check=False
    )
    if ended.returncode:
        raise RuntimeError(f"{' '.join(command)} has ended with {ended.returncode}:\n{ended.stdout}{ended.stderr}")
    answer: dict[str, float] = json.loads(ended.stdout.splitlines()[-1])
    return answer | {"seconds": time.perf_counter() - begun}


def prepare(folder: Path, number: int | None) -> float:
    """Writes the documents down for all peers, `number` of them by lot; returns how many tokens one has in the mean."""
    lines = reviews.FILE.read_text(encoding="utf-8").splitlines()
    random.Random(1).shuffle(lines)
    raw = folder / protocol.REVIEWS
    raw.write_text("".join(f"{line}\n" for line in lines[:number]), encoding="utf-8")
    corpus = reviews.spooled(folder / "spool", reviews.by_text, file=raw)
    train, validation, test = (corpus.spool.share(split) for split in SPLITS)
    tokens, classes = corpus.language.sizes["word"], len(corpus.language.labels)
    protocol.write(folder, Encoded(tokens, classes, padded(train), padded(validation), padded(test)))
    return float(train.lengths.mean())


def padded(share: Share) -> Documents:
    """A split as the peers get it; its documents come by lot already."""
    ids = share.padded(np.arange(len(share)))["word"]
    return Documents(np.pad(ids, ((0, 0), (0, protocol.LENGTH - ids.shape[1]))), share.labels)


def measure(found: Found, folder: Path, epochs: int, tokens: float) -> None:
    """Measures everything once."""
    ours = Path(sys.executable)
    machine = script(ours, "machine")
    for name, (python, module) in PEERS.items():
        answer = script(python, f"peers.{module}", str(folder), "--epochs", str(epochs))
        figures = {
            SPEED: answer["documents_per_second"],
            ACCURACY: answer["accuracy"],
            SECONDS: answer["seconds"],
        }
        add(found.peers[name], figures)
        tell(name, figures)
    fed, plain = script(ours, "feed"), script(PEERS_PYTHON, "peers.tfos_feed", str(folder))
    rate = found.peers[ALONE][SPEED][-1] * operations(tokens) / 1e9
    other = {
        TFOS_FEED: plain["feed"],
        OUR_FEED: fed["feed"],
        "ours, raw text to spooled blocks, documents/s and core": fed["raw"],
        **{f"machine: {name}": machine[name] for name in ("products, GFLOP/s", "memory, GB/s", "loopback, GB/s")},
        f"{ALONE}: arithmetic of a plain convolution / the machine's products": rate / machine["products, GFLOP/s"],
    }
    add(found.other, other)
    tell("feeds and machine", other)


def tell(name: str, figures: Mapping[str, float]) -> None:
    """Says what has just been measured."""
    said = ", ".join(f"{figure} {value:,.3f}" for figure, value in figures.items())
    print(f"{time.strftime('%H:%M:%S')} {name}: {said}", file=sys.stderr, flush=True)


Cells = list[list[str]]
"""A table: its head, and its rows."""


def trainings(found: Found) -> Cells:
    """Returns how fast each peer trains, and how well."""
    ours = found.peers[OURS][SPEED]
    table = [["training", SPEED, "least–most", "ours is × as fast", "least–most", ACCURACY, SECONDS]]
    for name, of in found.peers.items():
        times = ratios(ours, of[SPEED])
        speeds = [f"{median(of[SPEED]):,.0f}", spread(of[SPEED], ",.0f"), f"{median(times):.2f}", spread(times, ".2f")]
        table.append([name, *speeds, f"{median(of[ACCURACY]):.2%}", f"{median(of[SECONDS]):.0f}"])
    return table


def rest(found: Found) -> Cells:
    """Returns the feeds and the machine."""
    table = [["feeds and machine", "median", "least–most"]]
    fed = {"ours / plain TFoS, feed": ratios(found.other[OUR_FEED], found.other[TFOS_FEED])}
    for name, values in (found.other | fed).items():
        digits = ",.0f" if median(values) >= 100 else ".2f"
        table.append([name, format(median(values), digits), spread(values, digits)])
    return table


def shown(cells: Cells) -> Table:
    """Returns a table for the terminal."""
    head, *rows = cells
    table = Table(*head)
    for row in rows:
        table.add_row(*row)
    return table


def markdown(cells: Cells) -> str:
    """Returns a table for the docs."""
    head, *rows = (f"| {' | '.join(row)} |\n" for row in cells)
    return "".join([head, f"{'|---' * len(cells[0])}|\n", *rows])


def spread(values: list[float], digits: str) -> str:
    """The least and the most."""
    return f"{min(values):{digits}}–{max(values):{digits}}"


def plot(found: Found) -> Figure:
    """Returns documents/s of each peer as bars, with their spread."""
    names = list(found.peers)
    speeds = [found.peers[name][SPEED] for name in names]
    middle = [median(values) for values in speeds]
    below = [m - min(values) for m, values in zip(middle, speeds, strict=True)]
    above = [max(values) - m for m, values in zip(middle, speeds, strict=True)]
    figure = Figure(figsize=(7, 3), layout="constrained")
    axes = figure.subplots()
    colours = ["tab:blue" if name.startswith("ours") else "tab:gray" for name in names]
    bars = axes.barh(names, middle, xerr=(below, above), capsize=3, color=colours)
    axes.bar_label(bars, [f" {value:,.0f}" for value in middle])
    axes.set_xlabel("documents/s from the second epoch on")
    axes.margins(x=0.15)
    axes.invert_yaxis()
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def record(found: Found, about: Mapping[str, str]) -> None:
    """Writes down what has been measured so far."""
    values = {"about": dict(about), "peers": found.peers, "other": found.other}
    RESULT.write_text(json.dumps(values, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    parts = [", ".join(about.values()) + "\n", markdown(trainings(found)), markdown(rest(found))]
    TABLES.write_text("\n".join(parts), encoding="utf-8")
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "bench"}):
        plot(found).savefig(PLOT)


def processor() -> str:
    """The name of the machine's processor, as Linux tells it."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def main() -> int:
    """Measures, and returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--repeat", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=3, help="at least 2: the first one is not timed")
    parser.add_argument("--documents", type=int, help="of the 35,123 reviews, by lot; all if not given")
    options = parser.parse_args()
    about = {
        "machine": f"{processor()}, {os.cpu_count()} cores",
        "date": time.strftime("%Y-%m-%d"),
        "command": " ".join(["python -m benchmarks.side_by_side", *sys.argv[1:]]),
    }
    found = Found.empty()
    with TemporaryDirectory(dir=RESULT.parent) as folder:
        tokens = prepare(Path(folder), options.documents)
        for _ in range(options.repeat):
            measure(found, Path(folder).absolute(), options.epochs, tokens)
            record(found, about)
    console = Console()
    console.print(", ".join(about.values()), shown(trainings(found)), shown(rest(found)), sep="\n")
    for name in (others := differing(found)):
        console.print(f"{name}: its test accuracy is more than a point from ours. It does not do the same work.")
    return 1 if others else 0


if __name__ == "__main__":
    sys.exit(main())

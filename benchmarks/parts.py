"""What the parts of a run take: start, segmenters, serving, checkpoints, memory; interleaved and repeated.

python -m benchmarks.parts [--repeat N]

Prints a table and writes build/parts.json.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks import reviews, yarn
from text.segmenter import Segmenter

RESULT = Path("build/parts.json")
LIMIT_SECONDS = 600
Figures = dict[str, float]


def script(name: str, *arguments: str) -> dict[str, Any]:
    """What a measurement in a process of its own prints last, as JSON."""
    command = [sys.executable, "-m", f"benchmarks.{name}", *arguments]
    output = subprocess.run(command, check=True, capture_output=True, encoding="utf-8", timeout=LIMIT_SECONDS).stdout
    answer: dict[str, Any] = json.loads(output.splitlines()[-1])
    return answer


def whole_run() -> Figures:
    """A run on 2 executors × 1 core, and the model that comes out of it."""
    with TemporaryDirectory() as folder:
        told = run_into(folder)
        for what, found in ("served", script("serving", folder)), ("classified", script("classify", folder)):
            told |= {f"{what}, {name}": value for name, value in found.items()}
    return told


def run_into(folder: str) -> Figures:
    """What a run takes besides preparing and training: as the driver measures it, and as who waits for the command."""
    program = Path(sys.executable).with_name("textcnn")
    changes = (
        f"text.views={json.dumps(reviews.VIEWS)}",
        "model.networks=['textcnn']",
        f"model.widths={list(reviews.MODEL.widths)}",
        f"train.batch_size={reviews.BATCH}",
        "train.epochs=2",
    )
    sets = [part for change in changes for part in ("--set", change)]
    command = [str(program), "train", "examples/reviews.toml", *sets, "--out", folder]
    begun = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, timeout=LIMIT_SECONDS)
    waited = time.perf_counter() - begun
    seconds = json.loads(Path(folder, "result.json").read_text(encoding="utf-8"))["seconds"]
    wanted = seconds["prepare"] + seconds["train"]
    return {
        "all of a run but preparing and training, s": seconds["total"] - wanted,
        "all of its command but these, s": waited - wanted,
    }


def segmenter(use_rjieba: bool) -> float:
    """Documents/s of a segmenter on one core, its dictionary already loaded."""
    texts = [text for text, _ in reviews.rows()][:: 1 if use_rjieba else 10]
    tokens = Segmenter(use_rjieba=use_rjieba).tokens
    tokens("预热")
    begun = time.perf_counter()
    for text in texts:
        tokens(text)
    return len(texts) / (time.perf_counter() - begun)


def measure(repeat: int) -> dict[str, list[float]]:
    """Returns the figures of every repetition; each measures everything once, one after the other."""
    figures: dict[str, list[float]] = {}
    single: list[tuple[str, Callable[[], float]]] = [
        ("rjieba, documents/s and core", lambda: segmenter(True)),
        ("jieba, documents/s and core", lambda: segmenter(False)),
    ]
    for _ in range(repeat):
        add(figures, whole_run() | {name: run() for name, run in single})
    for start in yarn.start_times(repeat):
        add(figures, start)
    return figures


def add(figures: dict[str, list[float]], found: Mapping[str, float]) -> None:
    for name, value in found.items():
        figures.setdefault(name, []).append(value)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=3)
    figures = measure(parser.parse_args().repeat)
    for split in ("text", "row"):
        figures[f"test accuracy, split by {split}"] = [
            script("one_process", "--split", split, "--epochs", "6")["accuracy"]
        ]
    figures |= {f"checkpoints, {name}": [value] for name, value in script("checkpoints").items()}
    few, many = (script("memory", str(count)) for count in (500_000, 2_000_000))
    growth = (many["peak_mib"] - few["peak_mib"]) / (many["documents"] - few["documents"])
    figures["a worker's memory, MiB per million documents"] = [1e6 * growth]
    table = Table("what", "median", "least", "most")
    for name, values in figures.items():
        table.add_row(name, *(f"{value:,.3f}" for value in (median(values), min(values), max(values))))
    Console().print(table)
    RESULT.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

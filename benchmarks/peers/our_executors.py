"""A run of ours, from raw text to a published model, on two executors of one core each."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks import rates, reviews
from benchmarks.peers.protocol import BATCH, REVIEWS, answer, task
from run import folder as run_folder
from run.events import Event, Tested, from_json


def our_settings(file: Path) -> dict[str, object]:
    """What makes of the run file of the reviews the training that others are measured with too, on other reviews."""
    return {
        "data.input": str(file),
        "text.views": reviews.VIEWS,
        "model.networks": reviews.PLAIN.networks,
        "model.widths": reviews.PLAIN.widths,
        "model.embedding_dropout": 0.0,
        "model.token_dropout": 0.0,
        "train.batch_size": BATCH,
        "train.label_smoothing": 0.0,
    }


def train_command(settings: Mapping[str, object], out: str) -> list[str]:
    """The command of a training into a folder, with settings of the run file changed."""
    program = str(Path(sys.executable).with_name("textcnn"))
    sets = [part for key, value in settings.items() for part in ("--set", f"{key}={json.dumps(value)}")]
    return [program, "train", "examples/reviews.toml", *sets, "--out", out]


def recorded(out: Path) -> tuple[dict[str, Any], list[tuple[float, Event]]]:
    """What a run's folder has: its result, and its events with the time of each in seconds."""
    result = json.loads((out / run_folder.RESULT).read_text(encoding="utf-8"))
    lines = (out / run_folder.metrics(result["run"])).read_text(encoding="utf-8").splitlines()
    return result, [(json.loads(line)["time"], from_json(line.encode())) for line in lines]


def trained(file: Path, epochs: int, changes: Mapping[str, object] | None = None) -> tuple[float, float]:
    """Trains on reviews; returns documents/s from the second epoch on, and the test accuracy.

    Args:
        file: the reviews.
        epochs: at least 2.
        changes: of the run file, by the settings' names.
    """
    with TemporaryDirectory() as out:
        settings = our_settings(file) | {"train.epochs": epochs, "train.patience": epochs} | dict(changes or {})
        subprocess.run(train_command(settings, out), check=True, stdout=sys.stderr)
        _, events = recorded(Path(out))
    (tested,) = (event for _, event in events if isinstance(event, Tested))
    return rates.from_second_epoch(events), rates.accuracy(tested)


def main() -> None:
    asked = task(__doc__)
    answer(*trained(asked.folder / REVIEWS, asked.epochs))


if __name__ == "__main__":
    main()

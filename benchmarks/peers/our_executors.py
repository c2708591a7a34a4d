"""A run of ours, from raw text to a published model, on two executors of one core each."""

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import rates, reviews
from benchmarks.peers.protocol import BATCH, REVIEWS, answer, task
from run import folder as run_folder
from run.events import Tested, from_json


def main() -> None:
    asked = task(__doc__)
    with TemporaryDirectory() as out:
        program = str(Path(sys.executable).with_name("textcnn"))
        changes = {
            "data.input": str(asked.folder / REVIEWS),
            "text.views": json.dumps(reviews.VIEWS),
            "model.networks": json.dumps(reviews.PLAIN.networks),
            "model.widths": json.dumps(reviews.PLAIN.widths),
            "model.embedding_dropout": 0.0,
            "model.token_dropout": 0.0,
            "train.label_smoothing": 0.0,
            "train.batch_size": BATCH,
            "train.epochs": asked.epochs,
            "train.patience": asked.epochs,
        }
        sets = [part for key, value in changes.items() for part in ("--set", f"{key}={value}")]
        command = [program, "train", "examples/reviews.toml", *sets, "--out", out]
        subprocess.run(command, check=True, stdout=sys.stderr)
        result = json.loads(Path(out, run_folder.RESULT).read_text(encoding="utf-8"))
        lines = Path(out, run_folder.metrics(result["run"])).read_text(encoding="utf-8").splitlines()
    events = [(json.loads(line)["time"], from_json(line.encode())) for line in lines]
    (tested,) = (event for _, event in events if isinstance(event, Tested))
    answer(rates.from_second_epoch(events), rates.accuracy(tested))


if __name__ == "__main__":
    main()

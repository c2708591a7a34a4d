"""Judges a published model on labelled documents."""

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from run.config import DataConfig
from run.metrics import Evaluation
from text.errors import DataError, RowError
from text.reading import read
from trainer.serving import Classifier


def evaluate(classifier: Classifier, path: Path) -> tuple[Evaluation, Counter[str]]:
    """Holds a model to its golden examples, classifies the documents of a file and compares their labels.

    Returns:
        The evaluation, and how many rows were left out, by reason.

    Raises:
        ModelError: the model does not answer as when it was trained.
        DataError: the file cannot be read, or no row of it can be used.
    """
    classifier.check()
    index = {label: number for number, label in enumerate(classifier.labels)}
    left_out: Counter[str] = Counter()
    expected: list[int] = []

    def texts() -> Iterator[str]:
        for row in read(path, DataConfig(input=str(path), **classifier.card["data"])):
            if isinstance(row, RowError):
                left_out[str(row)] += 1
            elif row.label not in index:
                left_out["label that training never saw"] += 1
            else:
                expected.append(index[row.label])
                yield row.text

    confusion = np.zeros((len(index), len(index)), np.int64)
    loss = 0.0
    for number, prediction in enumerate(classifier.predict(texts())):
        label = expected[number]
        confusion[label, index[prediction.label]] += 1
        loss -= float(np.log(max(prediction.probabilities[classifier.labels[label]], sys.float_info.min)))
    if not expected:
        raise DataError(f"no row of {path} can be used: {dict(left_out) or 'it is empty'}")
    return Evaluation(confusion, loss / len(expected)), left_out

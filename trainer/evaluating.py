"""Judges a published model on labelled documents."""

import sys
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import tensorflow as tf

import storage
from run.config import DataConfig
from run.metrics import Evaluation
from text.errors import DataError, RowError
from text.reading import read
from trainer import golden
from trainer.serving import BATCH, Classifier


def evaluate(classifier: Classifier, uri: str) -> tuple[Evaluation, Counter[str]]:
    """Holds a model to its golden examples, classifies the documents of a file and compares their labels.

    Each text is segmented in Python too, as training does it, and the tokens are compared.

    Args:
        classifier: the model.
        uri: of the file, on a local disk or on HDFS; its ending tells its format, or else it is that of the run.

    Returns:
        The evaluation, and how many rows were left out, by reason.

    Raises:
        ModelError: the model does not answer as when it was trained, or segments a text in another way.
        DataError: the file cannot be read, or no row of it can be used.
        StorageError: it is on HDFS and cannot be read.
    """
    classifier.check()
    classes = {label: number for number, label in enumerate(classifier.labels)}
    left_out: Counter[str] = Counter()
    confusion = np.zeros((len(classes), len(classes)), np.int64)
    loss = 0.0
    with storage.local_copy(uri) as path:
        documents = _documents(classifier, path, classes, left_out)
        while batch := list(islice(documents, BATCH)):
            texts, labels = zip(*batch, strict=True)
            probabilities = _probabilities(classifier, texts)
            np.add.at(confusion, (labels, probabilities.argmax(1)), 1)
            loss -= float(np.log(np.maximum(probabilities[range(len(labels)), labels], sys.float_info.min)).sum())
    if not confusion.any():
        raise DataError(f"no row of {uri} can be used: {dict(left_out) or 'it is empty'}")
    return Evaluation(confusion, loss / float(confusion.sum())), left_out


def _documents(
    classifier: Classifier, path: Path, classes: dict[str, int], left_out: Counter[str]
) -> Iterator[tuple[str, int]]:
    """Texts and classes."""
    for row in read(path, DataConfig(input=str(path), **classifier.card["data"])):
        if isinstance(row, RowError):
            left_out[str(row)] += 1
        elif row.label not in classes:
            left_out["label that training never saw"] += 1
        else:
            yield row.text, classes[row.label]


def _probabilities(classifier: Classifier, texts: tuple[str, ...]) -> np.ndarray:
    """What the model says of texts, float64 [texts, classes], after a look at their tokens."""
    answer = classifier.signatures["explain"](text=tf.constant(texts))
    for text, found in zip(texts, golden.tokens_of(answer, classifier.preparation.views), strict=True):
        golden.check_tokens(text, found, classifier.preparation.tokens(text))
    return answer["probabilities"].numpy().astype(float)

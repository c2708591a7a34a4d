"""A published model, loaded to classify texts."""

import json
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

import storage
from text.preparation import Preparation
from text.segmenter import Segmenter
from trainer import golden
from trainer.card import CARD, model_of
from trainer.computed_table import release_with
from trainer.devices import multiply_in_float32
from trainer.errors import ModelError
from trainer.export import STOP_WORDS, USER_DICTIONARY, hashes

BATCH = 256


@contextmanager
def _without_warnings() -> Iterator[None]:
    """A published model has no gradients, of which TensorFlow would warn whoever asks it something."""
    logger = logging.getLogger("absl")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


@dataclass(frozen=True)
class Prediction:
    """What the model says of a text."""

    text: str
    label: str
    score: float
    """The label's probability."""
    probabilities: dict[str, float]
    """Of every label, in the model's order."""


class Classifier:
    """A published model."""

    def __init__(self, path: str | PathLike[str]):
        """Loads a model.

        Args:
            path: as `model_of` takes it.

        Raises:
            ModelError: there is no whole model.
            StorageError: it cannot be read.
        """
        multiply_in_float32()
        self.uri = model_of(path)
        with storage.local_copy(self.uri) as folder:
            try:
                self._load(folder)
            except (OSError, ValueError, LookupError, TypeError, tf.errors.OpError) as error:
                raise ModelError(
                    f"the model in {self.uri} cannot be loaded: {type(error).__name__}: {error}. Train it again."
                ) from error

    def _load(self, folder: Path) -> None:
        self.card = json.loads((folder / CARD).read_text(encoding="utf-8"))
        self.labels: list[str] = self.card["labels"]
        written, found = self.card["sha256"], hashes(folder)
        if changed := [name for name, content in written.items() if found.get(name) != content]:
            raise ValueError(f"these files are not those that were exported: {', '.join(changed)}")
        self._golden = golden.read(folder)
        self.preparation = self._preparation(folder / golden.EXTRA)
        with _without_warnings():
            self._model = tf.saved_model.load(str(folder))
        self.signatures: Mapping[str, Any] = self._model.signatures
        release_with(self, self._model.computed)

    def _preparation(self, extra: Path) -> Preparation:
        """What makes tokens in Python as the graph does."""
        words, stop_words = (_lines(extra / name) for name in (USER_DICTIONARY, STOP_WORDS))
        text = self.card["text"]
        segmenter = Segmenter(tuple(words), frozenset(stop_words))
        return Preparation(lambda _: "test", segmenter, tuple(text["views"]), text["max_length"])

    def check(self) -> None:
        """Holds the model to its golden examples, on this machine and with this TensorFlow.

        Raises:
            ModelError: it gives another answer than when it was trained.
        """
        golden.check(self.signatures, self._golden)

    def predict(self, texts: Iterable[str]) -> Iterator[Prediction]:
        """Yields a prediction for each text, in order."""
        texts = iter(texts)
        while batch := list(islice(texts, BATCH)):
            labels, probabilities = self.classify(batch)
            for text, label, of_text in zip(batch, labels, probabilities, strict=True):
                named = dict(zip(self.labels, map(float, of_text), strict=True))
                yield Prediction(text, label, named[label], named)

    def classify(self, texts: Sequence[str]) -> tuple[list[str], np.ndarray]:
        """Returns the labels of texts, and float32 [texts, classes], the probabilities in the order of `labels`."""
        answer = self.signatures["serving_default"](text=tf.constant(texts, tf.string))
        return [label.decode() for label in answer["label"].numpy()], answer["probabilities"].numpy()


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").split("\n")[:-1]  # a word may have any other separator of lines

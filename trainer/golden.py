"""Golden examples of a model: what it said of a few texts when it was trained, and whether it still says so."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from run.config import View
from text.language import Language
from text.preparation import Preparation
from text.vocabulary import PADDING
from trainer.errors import ModelError
from trainer.mixture import Mixture

EXTRA = "assets.extra"
GOLDEN = "golden.jsonl"
"""Of each example text, tokens, ids (of each view), label and probabilities, an example a line."""
TOLERANCE = 1e-4
"""How far a probability of the exported model may be from the trained one's."""
_DOCUMENTS = 32
"""Examples that are classified at once."""


def examples(
    model: Mixture, language: Language, preparation: Preparation, texts: Sequence[str]
) -> Iterator[dict[str, Any]]:
    """Yields what a trained model says of texts that are segmented and encoded in Python, one after another.

    Args:
        model: the trained model.
        language: vocabularies and labels.
        preparation: makes the tokens, as for training.
        texts: what it is asked.
    """
    for start in range(0, len(texts), _DOCUMENTS):
        some = texts[start : start + _DOCUMENTS]
        tokens = [preparation.tokens(text) for text in some]
        ids = [{view: language.vocabularies[view].encode(t) for view, t in document.items()} for document in tokens]
        batch = {view: filled_up([document[view] for document in ids], 0, np.int32) for view in preparation.views}
        probabilities = tf.nn.softmax(model(batch)).numpy().astype(float)
        for text, of_text, of_tokens, row in zip(some, tokens, ids, probabilities, strict=True):
            label = language.labels[int(row.argmax())]
            yield {"text": text, "tokens": of_text, "ids": of_tokens, "label": label, "probabilities": row.tolist()}


def filled_up(documents: Sequence[Sequence[Any]], padding: object, kind: type) -> np.ndarray:
    """Returns documents filled up to the longest of them, [documents, tokens]."""
    longest = max(map(len, documents), default=0)
    filled = [[*document, *[padding] * (longest - len(document))] for document in documents]
    return np.array(filled, kind).reshape(len(documents), longest)


def read(folder: Path) -> list[dict[str, Any]]:
    """Returns the golden examples of the model in a folder."""
    lines = (folder / EXTRA / GOLDEN).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def check(signatures: Mapping[str, Callable[..., Mapping[str, tf.Tensor]]], golden: Sequence[dict[str, Any]]) -> None:
    """Asks every signature of a loaded model for its golden examples.

    Raises:
        ModelError: it gives another answer.
    """
    labels = [label.decode() for label in signatures["labels"]()["labels"].numpy()]
    for example in golden:
        if (label := labels[int(np.argmax(example["probabilities"]))]) != example["label"]:
            raise ModelError(
                f"the model's signature 'labels' has {label!r} where the trained model said {example['label']!r} "
                f"of the golden example {example['text'][:100]!r}"
            )
    for start in range(0, len(golden), _DOCUMENTS):
        some = golden[start : start + _DOCUMENTS]
        views: Iterable[View] = some[0]["tokens"]
        tokens = {view: filled_up([example["tokens"][view] for example in some], "", object) for view in views}
        ids = {view: filled_up([example["ids"][view] for example in some], 0, np.int32) for view in views}
        texts = tf.constant([example["text"] for example in some])
        answers = {
            "ids": signatures["ids"](**{view: tf.constant(i) for view, i in ids.items()}),
            "tokens": signatures["tokens"](**{view: tf.constant(t, tf.string) for view, t in tokens.items()}),
            "serving_default": signatures["serving_default"](text=texts),
            "explain": signatures["explain"](text=texts),
        }
        for name, answer in answers.items():
            _check_probabilities(f"the model's signature {name!r}", answer["probabilities"].numpy(), some)
        for example, found in zip(some, tokens_of(answers["explain"], views), strict=True):
            check_tokens(example["text"], found, example["tokens"])


def check_portable(model: keras.Model, golden: Sequence[dict[str, Any]]) -> None:
    """Asks a model of Keras's own layers for its golden examples.

    Raises:
        ModelError: it gives another answer.
    """
    for start in range(0, len(golden), _DOCUMENTS):
        some = golden[start : start + _DOCUMENTS]
        # A column more: it takes at least one.
        ids = {
            view: filled_up([[*e["ids"][view], PADDING] for e in some], PADDING, np.int32) for view in some[0]["ids"]
        }
        _check_probabilities("model.keras", keras.ops.convert_to_numpy(model(ids)), some)


def _check_probabilities(what: str, found: np.ndarray, golden: Sequence[dict[str, Any]]) -> None:
    differences = np.abs(found - np.array([example["probabilities"] for example in golden])).max(axis=1)
    if not (differences <= TOLERANCE).all():
        worst = int(np.argmax(np.nan_to_num(differences, nan=np.inf)))
        raise ModelError(
            f"{what} differs from the trained model by {differences[worst]:.2g} (allowed: {TOLERANCE:.0e}) on the "
            f"golden example {golden[worst]['text'][:100]!r}"
        )


def tokens_of(explanation: Mapping[str, tf.Tensor], views: Iterable[View]) -> list[dict[View, list[str]]]:
    """Returns the tokens of each text in each view, as the graph has found them."""
    columns = {view: explanation[f"tokens_{view}"].numpy() for view in views}
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return [{view: [token.decode() for token in tokens if token] for view, tokens in row.items()} for row in rows]


def check_tokens(text: str, graph: Mapping[View, Sequence[str]], python: Mapping[View, Sequence[str]]) -> None:
    """Compares the tokens of a text that were found in the graph with those that were found in Python.

    Raises:
        ModelError: they differ; with the first that does.
    """
    for view in python:
        for place, (of_graph, of_python) in enumerate(zip_longest(graph[view], python[view])):
            if of_graph != of_python:
                raise ModelError(
                    f"the model's segmentation differs from Python's in {text[:100]!r}: token {place + 1} of the view "
                    f"{view!r} is {of_graph!r} in its graph, {of_python!r} in Python"
                )

"""The card of a published model: all that a person or a program needs to use it, without loading it."""

import json
from os import PathLike, fspath
from typing import Any

import storage
from storage.publishing import versions
from trainer.errors import ModelError

CARD = "model.json"


def model_of(path: str | PathLike[str]) -> str:
    """Returns the URI of a model.

    Args:
        path: path or URI of a version's folder, of the folder of the versions (the newest is taken), or of a run's
            folder.

    Raises:
        ModelError: there is none.
        StorageError: it cannot be read.
    """
    uri = fspath(path)
    for folder in (uri, storage.join(uri, "model")):
        if CARD in storage.names(folder):
            return folder
        if published := versions(folder):
            return storage.join(folder, str(published[-1]))
    raise ModelError(
        f"there is no model in {uri}. Name a folder with {CARD}, a folder of versions, or the folder of a run "
        "that has published a model."
    )


def described(model: str) -> str:
    """Returns what the card of a model says, for people.

    Raises:
        ModelError: it is no card.
    """
    try:
        return "\n".join(_lines(json.loads(storage.read(storage.join(model, CARD)))))
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise ModelError(
            f"the card of the model in {model} cannot be read: {type(error).__name__}: {error}. Train it again."
        ) from error


def _lines(card: dict[str, Any]) -> list[str]:
    lines = [f"{card['name']}, {len(card['labels'])} labels: {', '.join(card['labels'])}"]
    if test := card["metrics"].get("test"):
        lines.append(
            f"test accuracy {test['accuracy']:.2%}, macro-F1 {test['macro_f1']:.2%}, {test['rows']} documents; "
            f"trained on {card['rows']['train']}"
        )
    text = card["text"]
    lines.append(f"{text['segmenter']}; documents are cut after {text['max_length']} words")
    lines.append("views: " + ", ".join(f"{view} ({size} token ids)" for view, size in text["views"].items()))
    for name, signature in card["signatures"].items():
        lines.append(f"\n{name}")
        for side in ("inputs", "outputs"):
            lines += [f"  {side[:-1]:6} {tensor}: {what}" for tensor, what in signature[side].items()]
    return lines

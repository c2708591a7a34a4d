"""Writes a trained model as a SavedModel, loads it again, and checks that it answers as it did in training."""

import json
import platform
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from hashlib import file_digest
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from run import folder as names
from run.config import RunConfig
from run.metrics import Evaluation
from text.language import Language
from text.preparation import Preparation
from trainer import golden, warmup
from trainer.card import CARD
from trainer.errors import ModelError
from trainer.mixture import Mixture
from trainer.models.build import networks
from trainer.signatures import ServingModule, described

PORTABLE = "model.keras"
STOP_WORDS = "stop_words.txt"
USER_DICTIONARY = "user_dictionary.txt"


def export(
    model: Mixture,
    language: Language,
    config: RunConfig,
    card: dict[str, object],
    texts: Sequence[str],
    folder: Path,
) -> None:
    """Writes the model, its assets, its golden examples and its card into a new folder on a local disk.

    Args:
        model: the trained model.
        language: segmenter, vocabulary and labels.
        config: the run; its text section goes into the card.
        card: further entries of the card.
        texts: the golden examples.
        folder: where to write; must not exist.
    """
    assets = folder.with_name(f"{folder.name}-assets")
    assets.mkdir(parents=True)
    vocabularies = {view: assets / names.vocabulary(view) for view in language.vocabularies}
    for view, file in vocabularies.items():
        _write_lines(file, language.vocabularies[view].tokens)
    labels_file = assets / names.LABELS
    _write_lines(labels_file, language.labels)
    detached = _detached(model, language, config)
    module = ServingModule(detached, language, config.text.max_length, vocabularies, labels_file)
    options = tf.saved_model.SaveOptions(experimental_custom_gradients=False)  # nobody trains it further
    tf.saved_model.save(module, str(folder), signatures=module.signatures(), options=options)
    if config.export.keras:
        detached.portable().save(folder / PORTABLE)
    extra = folder / golden.EXTRA
    extra.mkdir()
    _write_lines(extra / STOP_WORDS, sorted(language.segmenter.stop_words))
    _write_lines(extra / USER_DICTIONARY, language.segmenter.user_dictionary)
    if texts:
        warmup.write(extra / warmup.WARM_UP, texts)
    preparation = Preparation.of(config.text, language.segmenter, lambda _: "test")
    _write_lines(extra / golden.GOLDEN, map(_json, golden.examples(model, language, preparation, texts)))
    whole = _card(language, config) | card | {"sha256": hashes(folder)}
    (folder / CARD).write_text(json.dumps(whole, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _detached(model: Mixture, language: Language, config: RunConfig) -> Mixture:
    """A copy whose variables belong to no strategy, so that saving needs no other worker."""
    copies = networks(config.model, language.sizes, len(language.labels), config.train.seed)
    for name, network in copies.items():
        network.set_weights(model.networks[name].get_weights())
    return Mixture(copies, model.bayes, model.weights.numpy())


def _json(example: dict[str, Any]) -> str:
    # An escaped text has no line separators but those of the file.
    return json.dumps(example)


def _write_lines(path: Path, lines: Iterable[str]) -> None:
    path.write_bytes("".join(f"{line}\n" for line in lines).encode())


def hashes(folder: Path) -> dict[str, str]:
    """Returns the SHA-256 of each file of a model but its card, by its path in the folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path != folder / CARD)
    return {path.relative_to(folder).as_posix(): _sha256(path) for path in files}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _card(language: Language, config: RunConfig) -> dict[str, object]:
    packages = ("tensorflow-cpu", "tensorflow", "keras", "numpy", "jieba", "rjieba", "textcnn-on-spark")
    return {
        "name": config.name,
        "labels": language.labels,
        "text": {
            "segmenter": "jieba dictionary, no hidden Markov model",
            "views": language.sizes,
            "max_length": config.text.max_length,
        },
        "data": {
            "format": config.data.format,
            "columns": config.data.columns,
            "text_column": config.data.text_column,
            "label_column": config.data.label_column,
        },
        "model": asdict(config.model),
        "signatures": described(language.vocabularies),
        "versions": {"python": platform.python_version()} | {p: v for p in packages if (v := _version(p))},
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def metrics_of(test: Evaluation) -> dict[str, object]:
    """Returns the card's entry for the metrics."""
    return {"test": {"accuracy": test.accuracy, "macro_f1": test.macro_f1, "rows": test.rows}} if test.rows else {}


def check(folder: Path) -> None:
    """Loads an exported model and holds it to its golden examples.

    Raises:
        ModelError: it does not load, or gives another answer.
    """
    try:
        model = tf.saved_model.load(str(folder))
    except (OSError, ValueError, tf.errors.OpError) as error:
        raise ModelError(f"the exported model in {folder} does not load: {error}") from error
    examples = golden.read(folder)
    golden.check(model.signatures, examples)
    if (folder / PORTABLE).exists():
        golden.check_portable(keras.models.load_model(folder / PORTABLE), examples)

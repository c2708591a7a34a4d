"""Writes a trained model as a SavedModel, loads it again, and checks that it answers as it did in training."""

import json
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

import numpy as np
import tensorflow as tf

from run import folder as names
from run.config import RunConfig, View
from run.metrics import Evaluation
from text.language import Language
from text.vocabulary import FIRST_TOKEN, PADDING, UNKNOWN, Vocabulary
from trainer.errors import ModelError
from trainer.mixture import Mixture
from trainer.models.build import networks
from trainer.spool import Share

CARD = "model.json"
EXTRA = "assets.extra"
STOP_WORDS = "stop_words.txt"
USER_DICTIONARY = "user_dictionary.txt"
TOLERANCE = 1e-4
"""How far a score of the exported model may be from the trained one's."""
_TOKENS = "string [documents, tokens], filled up with empty strings"
CANDIDATES = 64
"""Documents that are looked at for each golden one."""


class ServingModule(tf.Module):
    """The signatures of an exported model: `tokens` (also the default) and `ids`, each with an input for every view.

    Both return `label` (string), `score` (the label's probability, float32) and `probabilities` (float32
    [documents, classes], in the order of labels.txt).
    """

    def __init__(self, model: Mixture, vocabularies: Mapping[View, Path], labels_file: Path, labels: Sequence[str]):
        """Takes the files of vocabularies and labels into the model's assets."""
        super().__init__()
        self.model = model
        self.vocabulary_files = {view: tf.saved_model.Asset(str(file)) for view, file in vocabularies.items()}
        self.labels_file = tf.saved_model.Asset(str(labels_file))
        self.tables = {view: _table(file) for view, file in self.vocabulary_files.items()}
        self.labels = tf.constant(labels)
        self.ids = tf.function(self._ids, input_signature=[_inputs(vocabularies, tf.int32)])
        self.tokens = tf.function(self._tokens, input_signature=[_inputs(vocabularies, tf.string)])

    def _ids(self, ids: dict[View, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Classifies token ids, filled up with 0."""
        probabilities = tf.nn.softmax(self.model(ids))
        best = tf.argmax(probabilities, axis=1)
        return {
            "label": tf.gather(self.labels, best),
            "score": tf.reduce_max(probabilities, axis=1),
            "probabilities": probabilities,
        }

    def _tokens(self, tokens: dict[View, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Classifies token strings, filled up with empty strings."""
        ids = {view: tf.cast(self.tables[view].lookup(t), tf.int32) + FIRST_TOKEN for view, t in tokens.items()}
        return self._ids({view: tf.where(tokens[view] == "", PADDING, i) for view, i in ids.items()})


def _table(file: tf.saved_model.Asset) -> tf.lookup.StaticHashTable:
    """Line numbers of tokens."""
    whole, number = tf.lookup.TextFileIndex.WHOLE_LINE, tf.lookup.TextFileIndex.LINE_NUMBER
    lines = tf.lookup.TextFileInitializer(file.asset_path, tf.string, whole, tf.int64, number)
    return tf.lookup.StaticHashTable(lines, default_value=UNKNOWN - FIRST_TOKEN)


def _inputs(views: Iterable[View], kind: tf.DType) -> dict[View, tf.TensorSpec]:
    return {view: tf.TensorSpec([None, None], kind, name=view) for view in views}


def export(model: Mixture, language: Language, config: RunConfig, card: dict[str, object], folder: Path) -> None:
    """Writes the model, its assets and its card into a new folder on a local disk.

    Args:
        model: the trained model.
        language: segmenter, vocabulary and labels.
        config: the run; its text section goes into the card.
        card: further entries of the card.
        folder: where to write; must not exist.
    """
    assets = folder.with_name(f"{folder.name}-assets")
    assets.mkdir(parents=True)
    vocabularies = {view: assets / names.vocabulary(view) for view in language.vocabularies}
    for view, file in vocabularies.items():
        _write_lines(file, language.vocabularies[view].tokens)
    labels_file = assets / names.LABELS
    _write_lines(labels_file, language.labels)
    module = ServingModule(_detached(model, language, config), vocabularies, labels_file, language.labels)
    signatures = {"serving_default": module.tokens, "tokens": module.tokens, "ids": module.ids}
    tf.saved_model.save(module, str(folder), signatures=signatures)
    extra = folder / EXTRA
    extra.mkdir()
    _write_lines(extra / STOP_WORDS, sorted(language.segmenter.stop_words))
    _write_lines(extra / USER_DICTIONARY, language.segmenter.user_dictionary)
    (folder / CARD).write_text(
        json.dumps(_card(language, config) | card, ensure_ascii=False, indent=2) + "\n", encoding="utf-8"
    )


def _detached(model: Mixture, language: Language, config: RunConfig) -> Mixture:
    """A copy whose variables belong to no strategy, so that saving needs no other worker."""
    copies = networks(config.model, language.sizes, len(language.labels), config.train.seed)
    for name, network in copies.items():
        network.set_weights(model.networks[name].get_weights())
    return Mixture(copies, model.bayes, model.weights.numpy())


def _write_lines(path: Path, lines: Sequence[str]) -> None:
    path.write_bytes("".join(f"{line}\n" for line in lines).encode())


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
        "signatures": {
            "inputs": {
                "serving_default": dict.fromkeys(language.sizes, _TOKENS),
                "tokens": dict.fromkeys(language.sizes, _TOKENS),
                "ids": dict.fromkeys(language.sizes, "int32 [documents, tokens], filled up with 0"),
            },
            "outputs": {
                "label": "string [documents]",
                "score": "float32 [documents], probability of the label",
                "probabilities": "float32 [documents, classes], in the order of labels",
            },
        },
        "versions": {"python": platform.python_version()} | {p: v for p in packages if (v := _version(p))},
    }


def _version(package: str) -> str | None:
    from importlib.metadata import PackageNotFoundError

    try:
        return version(package)
    except PackageNotFoundError:
        return None


def metrics_of(test: Evaluation) -> dict[str, object]:
    """Returns the card's entry for the metrics."""
    return {"test": {"accuracy": test.accuracy, "macro_f1": test.macro_f1, "rows": test.rows}} if test.rows else {}


def check(folder: Path, ids: Mapping[View, np.ndarray], logits: np.ndarray, language: Language) -> None:
    """Loads an exported model and holds it to golden examples.

    Args:
        folder: the exported model.
        ids: golden documents, of each view int32 [documents, tokens].
        logits: what the trained model says of them, float32 [documents, classes].
        language: to write the ids as tokens.

    Raises:
        ModelError: it does not load, or gives another answer.
    """
    try:
        signatures = tf.saved_model.load(str(folder)).signatures
    except (OSError, ValueError, tf.errors.OpError) as error:
        raise ModelError(f"the exported model in {folder} does not load: {error}") from error
    expected = np.asarray(tf.nn.softmax(logits))
    tokens = {view: _strings(language.vocabularies[view], documents) for view, documents in ids.items()}
    answers = {
        "ids": signatures["ids"](**{view: tf.constant(documents) for view, documents in ids.items()}),
        "tokens": signatures["tokens"](**tokens),
    }
    for name, answer in answers.items():
        difference = float(np.abs(answer["probabilities"].numpy() - expected).max(initial=0.0))
        if not difference <= TOLERANCE:
            raise ModelError(
                f"the exported model's signature {name!r} differs from the trained model by {difference:.2g} on "
                f"golden examples (allowed: {TOLERANCE:.0e}); it is not published"
            )


def _strings(vocabulary: Vocabulary, ids: np.ndarray) -> tf.Tensor:
    """Token strings of ids. An unknown token is any string that the vocabulary does not have; none has white space."""
    tokens = [[t if i > UNKNOWN else " " * i for t, i in zip(vocabulary.decode(d), d, strict=True)] for d in ids]
    return tf.reshape(tf.constant(tokens, tf.string), ids.shape)


def golden(share: Share, count: int) -> dict[View, np.ndarray]:
    """Returns the ids of a few documents of different lengths, of each view int32 [documents, tokens].

    A worker without documents makes one up: TensorFlow classifies no empty batch, and no model goes unchecked.
    """
    if not len(share):
        return dict.fromkeys(share.views, np.array([[FIRST_TOKEN, UNKNOWN]], np.int32))
    some = np.linspace(0, len(share) - 1, min(CANDIDATES * count, len(share))).astype(int)
    by_length = some[np.argsort(share.lengths[some], kind="stable")]
    return share.padded(by_length[np.linspace(0, len(some) - 1, min(count, len(share))).astype(int)])

"""What an exported model can be asked: texts, tokens or token ids."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import tensorflow as tf

from run.config import View
from text.language import Language
from text.vocabulary import FIRST_TOKEN, PADDING, UNKNOWN
from trainer.graph.preparation import GraphPreparation
from trainer.mixture import Mixture

ANSWER = {
    "label": "string [texts]",
    "score": "float32 [texts], probability of the label",
    "probabilities": "float32 [texts, classes], in the order of labels",
}
TOGETHER = 256
"""Documents that are classified at once."""
_TEXT = {"text": "string [texts], UTF-8"}
_CONTRIBUTIONS = "float32 [texts, tokens], what each adds to the lead of the label over the mean of all classes"
_TOKENS = "string [texts, tokens], filled up with empty strings"
_IDS = "int32 [texts, tokens], filled up with 0"


def described(views: Iterable[View]) -> dict[str, dict[str, dict[str, str]]]:
    """Returns inputs and outputs of each signature, by name, for people."""
    views = tuple(views)
    return {
        "serving_default": {"inputs": _TEXT, "outputs": ANSWER},
        "tokens": {"inputs": dict.fromkeys(views, _TOKENS), "outputs": ANSWER},
        "ids": {"inputs": dict.fromkeys(views, _IDS), "outputs": ANSWER},
        "explain": {
            "inputs": _TEXT,
            "outputs": ANSWER
            | {f"tokens_{view}": _TOKENS for view in views}
            | {f"contributions_{view}": _CONTRIBUTIONS for view in views},
        },
        "labels": {"inputs": {}, "outputs": {"labels": "string [classes]"}},
    }


class ServingModule(tf.Module):
    """A model with all that it needs to answer for a text: dictionary, stop words, vocabularies, labels."""

    def __init__(
        self, model: Mixture, language: Language, max_length: int, vocabularies: Mapping[View, Path], labels_file: Path
    ):
        """Takes the files of vocabularies and labels into the model's assets."""
        super().__init__()
        # Keras's variables are restored by TensorFlow in Python and by no server. So what the module holds are those of
        # TensorFlow inside of them, and the model is out of its sight.
        self.weights = [weight.value for network in model.networks.values() for weight in network.variables]
        self.weights += [model.weights, *model.bayes.variables]
        self._model = lambda: model
        self.preparation = GraphPreparation(language.segmenter, tuple(language.vocabularies), max_length)
        self.vocabulary_files = {view: tf.saved_model.Asset(str(file)) for view, file in vocabularies.items()}
        self.labels_file = tf.saved_model.Asset(str(labels_file))
        self.tables = {view: _table(file) for view, file in self.vocabulary_files.items()}
        self.labels = tf.constant(language.labels)

    def signatures(self) -> dict[str, Callable[..., dict[str, tf.Tensor]]]:
        """Returns the functions of the signatures; see `described`."""
        text, views = tf.TensorSpec([None], tf.string, name="text"), self.vocabulary_files
        # These two are traced and saved once, and called by the others.
        prepared = _function(self.preparation.__call__, text)
        classified = _function(self._classified, _inputs(views, tf.int32))

        def of_text(text: tf.Tensor) -> dict[str, tf.Tensor]:
            return classified(self._encoded(prepared(text)))

        def of_tokens(tokens: Mapping[View, tf.Tensor]) -> dict[str, tf.Tensor]:
            ragged = {view: tf.RaggedTensor.from_tensor(of_view, padding="") for view, of_view in tokens.items()}
            return classified(self._encoded(ragged))

        def explained(text: tf.Tensor) -> dict[str, tf.Tensor]:
            tokens = prepared(text)
            ids = self._encoded(tokens)
            contributions = self._model().contributions(ids)
            return (
                classified(ids)
                | {f"tokens_{view}": of_view.to_tensor("") for view, of_view in tokens.items()}
                | {f"contributions_{view}": of_view for view, of_view in contributions.items()}
            )

        return {
            "serving_default": _function(of_text, text),
            "tokens": _function(of_tokens, _inputs(views, tf.string)),
            "ids": classified,
            "explain": _function(explained, text),
            "labels": _function(lambda: {"labels": tf.identity(self.labels)}),
        }

    def _encoded(self, tokens: Mapping[View, tf.RaggedTensor]) -> dict[View, tf.Tensor]:
        """Token ids, filled up with 0."""
        ids = {view: tf.cast(self.tables[view].lookup(t.flat_values), tf.int32) for view, t in tokens.items()}
        return {view: t.with_flat_values(ids[view] + FIRST_TOKEN).to_tensor(PADDING) for view, t in tokens.items()}

    def _classified(self, ids: Mapping[View, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Classifies token ids, filled up with 0."""
        probabilities = tf.nn.softmax(self._logits(ids))
        best = tf.argmax(probabilities, axis=1)
        return {
            "label": tf.gather(self.labels, best),
            "score": tf.reduce_max(probabilities, axis=1),
            "probabilities": probabilities,
        }

    def _logits(self, ids: Mapping[View, tf.Tensor]) -> tf.Tensor:
        """Classifies documents of similar length together: so little is padding, and memory is bounded."""
        lengths = tf.add_n([tf.math.count_nonzero(of_view, 1, dtype=tf.int32) for of_view in ids.values()])
        order = tf.argsort(lengths)

        def some(start: tf.Tensor, found: tf.TensorArray) -> tuple[tf.Tensor, tf.TensorArray]:
            documents = {view: _trimmed(tf.gather(v, order[start : start + TOGETHER])) for view, v in ids.items()}
            return start + TOGETHER, found.write(start // TOGETHER, self._model()(documents))

        classes = self.labels.shape[0]
        found = tf.TensorArray(tf.float32, 0, dynamic_size=True, infer_shape=False, element_shape=[None, classes])
        _, found = tf.while_loop(lambda start, _: start < tf.size(order), some, [0, found])
        return tf.gather(found.concat(), tf.math.invert_permutation(order))


def _function(body: Callable[..., Any], *inputs: object) -> Callable[..., Any]:
    return tf.function(body, input_signature=inputs, autograph=False)


def _trimmed(ids: tf.Tensor) -> tf.Tensor:
    """Documents without the columns in which all of them have ended."""
    return ids[:, : tf.reduce_max(tf.math.count_nonzero(ids, 1))]


def _table(file: tf.saved_model.Asset) -> tf.lookup.StaticHashTable:
    """Line numbers of tokens."""
    whole, number = tf.lookup.TextFileIndex.WHOLE_LINE, tf.lookup.TextFileIndex.LINE_NUMBER
    lines = tf.lookup.TextFileInitializer(file.asset_path, tf.string, whole, tf.int64, number)
    return tf.lookup.StaticHashTable(lines, default_value=UNKNOWN - FIRST_TOKEN)


def _inputs(views: Iterable[View], kind: tf.DType) -> dict[View, tf.TensorSpec]:
    return {view: tf.TensorSpec([None, None], kind, name=view) for view in views}

"""What an exported model can be asked: texts, tokens or token ids."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import tensorflow as tf

from run.config import View
from text.language import Language
from text.vocabulary import PADDING
from trainer.graph.preparation import GraphPreparation, Parts, joined
from trainer.graph.rows import Flat, flat, part, ragged, without
from trainer.graph.vocabularies import GraphVocabularies
from trainer.mixture import Mixture

ANSWER = {
    "label": "string [texts]",
    "score": "float32 [texts], probability of the label",
    "probabilities": "float32 [texts, classes], in the order of labels",
}
TOGETHER = 128
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
        self.computed = model.freeze()
        self._model = lambda: model
        self.preparation = GraphPreparation(language.segmenter, tuple(language.vocabularies), max_length)
        self.vocabularies = GraphVocabularies(language.vocabularies, vocabularies)
        self.labels_file = tf.saved_model.Asset(str(labels_file))
        self.labels = tf.constant(language.labels)

    def signatures(self) -> dict[str, Callable[..., dict[str, tf.Tensor]]]:
        """Returns the functions of the signatures; see `described`."""
        text, views = tf.TensorSpec([None], tf.string, name="text"), self.preparation.views
        # These two are traced and saved once, and called by the others.
        in_a_row = tf.TensorSpec([None], tf.int32), tf.TensorSpec([None], tf.int64), tf.TensorSpec([], tf.int64)
        prepared = _function(self._prepared, text)
        classified = _function(self._classified, dict.fromkeys(views, in_a_row))

        def parts_of(text: tf.Tensor) -> dict[View, Parts]:
            return {view: tuple(ragged(*part) for part in parts) for view, parts in prepared(text).items()}

        def of_rows(ids: Mapping[View, tf.RaggedTensor]) -> dict[str, tf.Tensor]:
            return classified({view: flat(of_view) for view, of_view in ids.items()})

        def of_text(text: tf.Tensor) -> dict[str, tf.Tensor]:
            return of_rows(self.vocabularies.of_parts(parts_of(text)))

        def of_tokens(tokens: Mapping[View, tf.Tensor]) -> dict[str, tf.Tensor]:
            return of_rows(self.vocabularies.of_tokens({view: without(of, "") for view, of in tokens.items()}))

        def of_ids(ids: Mapping[View, tf.Tensor]) -> dict[str, tf.Tensor]:
            return of_rows({view: without(of_view, PADDING) for view, of_view in ids.items()})

        def explained(text: tf.Tensor) -> dict[str, tf.Tensor]:
            parts = parts_of(text)
            ids = self.vocabularies.of_parts(parts)
            contributions = self._model().contributions({view: of.to_tensor(PADDING) for view, of in ids.items()})
            return (
                of_rows(ids)
                | {f"tokens_{view}": joined(of_view).to_tensor("") for view, of_view in parts.items()}
                | {f"contributions_{view}": of_view for view, of_view in contributions.items()}
            )

        return {
            "serving_default": _function(of_text, text),
            "tokens": _function(of_tokens, _inputs(views, tf.string)),
            "ids": _function(of_ids, _inputs(views, tf.int32)),
            "explain": _function(explained, text),
            "labels": _function(lambda: {"labels": tf.identity(self.labels)}),
        }

    def _prepared(self, text: tf.Tensor) -> dict[View, tuple[Flat, ...]]:
        """The parts of the tokens of texts."""
        return {view: tuple(map(flat, parts)) for view, parts in self.preparation.parts(text).items()}

    def _classified(self, ids: Mapping[View, Flat]) -> dict[str, tf.Tensor]:
        """Classifies token ids."""
        probabilities = tf.nn.softmax(self._logits({view: ragged(*of_view) for view, of_view in ids.items()}))
        best = tf.argmax(probabilities, axis=1)
        return {
            "label": tf.gather(self.labels, best),
            "score": tf.reduce_max(probabilities, axis=1),
            "probabilities": probabilities,
        }

    def _logits(self, ids: Mapping[View, tf.RaggedTensor]) -> tf.Tensor:
        """Classifies some documents after others: so memory is bounded."""
        documents = next(iter(ids.values())).nrows()

        def some(start: tf.Tensor, found: tf.TensorArray) -> tuple[tf.Tensor, tf.TensorArray]:
            stop = tf.minimum(start + TOGETHER, documents)
            logits = self._model().answer({view: part(of_view, start, stop) for view, of_view in ids.items()})
            return stop, found.write(found.size(), logits)

        classes = self.labels.shape[0]
        found = tf.TensorArray(tf.float32, 0, dynamic_size=True, infer_shape=False, element_shape=[None, classes])
        _, found = tf.while_loop(lambda start, _: start < documents, some, [tf.constant(0, tf.int64), found])
        return found.concat()


def _function(body: Callable[..., Any], *inputs: object) -> Callable[..., Any]:
    return tf.function(body, input_signature=inputs, autograph=False)


def _inputs(views: Iterable[View], kind: tf.DType) -> dict[View, tf.TensorSpec]:
    return {view: tf.TensorSpec([None, None], kind, name=view) for view in views}

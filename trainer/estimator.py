"""A run's training on one machine as an estimator of scikit-learn, for its metrics, pipelines and cross-validation."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from run import settings
from run.config import RunConfig, TextConfig
from run.events import Event
from run.splits import Split
from text.encoding import encode
from text.language import Language
from text.preparation import Preparation, TokenizedDocument, token_counts
from text.records import split_of
from text.segmenter import Segmenter
from text.vocabulary import Vocabulary
from trainer import golden
from trainer.collective import Collective
from trainer.place import Place, laptop
from trainer.spool import Spool
from trainer.step import ReplicatedModel
from trainer.training import shares_of, train

Section = Mapping[str, Any]


class TextClassifier(ClassifierMixin, BaseEstimator):
    """Classifies Chinese texts by the mixture that a run publishes, trained in this process by the same loop.

    `clone`, `cross_val_score`, `GridSearchCV` and pipelines take it as any other classifier. What the networks have
    learned does not survive pickling: where processes share the work, each fits and scores its own.

    Attributes:
        classes_: the labels, sorted, [classes].
        n_epochs_: epochs trained.
    """

    def __init__(
        self,
        *,
        text: Section | None = None,
        model: Section | None = None,
        train: Section | None = None,
        validation_fraction: float = 0.1,
        cores: int | None = None,
    ):
        """Takes the sections of a run file, of which what is not given keeps its default.

        Args:
            text: keys of `[text]`, without word lists, as in `{"max_length": 40}`.
            model: keys of `[model]`, without vectors.
            train: keys of `[train]`.
            validation_fraction: share of the documents that training is judged by, chosen by a hash of the text.
            cores: how many to use, of this process's TensorFlow once and for all; all of this machine if not given.
        """
        self.text = text
        self.model = model
        self.train = train
        self.validation_fraction = validation_fraction
        self.cores = cores

    def fit(self, X: Iterable[str], y: Iterable[Any]) -> "TextClassifier":  # noqa: N803 - as scikit-learn names it
        """Trains on texts [documents] and their labels [documents].

        Raises:
            SettingsError: a key or a value cannot be used.
            ValueError: there are not as many labels as texts, or fewer than two different ones.
        """
        config, texts = self._config(), _texts(X)
        self.classes_, numbers = np.unique(np.asarray(list(y)), return_inverse=True)
        if len(texts) != len(numbers) or len(self.classes_) < 2:
            raise ValueError(
                "A classifier needs a label for each text, and at least two different ones. Received: "
                f"{len(texts)} texts, {len(numbers)} labels, {len(self.classes_)} different ones."
            )
        self._preparation = Preparation.of(config.text, Segmenter(), _split_by(self.validation_fraction))
        documents = self._documents(texts, [str(self.classes_[number]) for number in numbers])
        labels = tuple(map(str, self.classes_))
        self._language = Language(self._preparation.segmenter, _vocabularies(documents, config.text), labels)
        place = laptop() if self.cores is None else Place(worker=0, workers=1, cores=self.cores)
        with TemporaryDirectory() as scratch:
            spool = Spool(Path(scratch) / "blocks", config.text.views)
            for block in encode(documents, 0, self._language):
                spool.add(block.to_bytes())
            collective = Collective(place, config.train.deterministic)
            replicated = ReplicatedModel(config.model, config.train, self._language.sizes, len(labels), collective)
            trained = train(replicated, config.train, shares_of(spool), _nobody)
        self._mixture, self.n_epochs_ = trained.model, trained.epochs
        return self

    def predict(self, X: Iterable[str]) -> np.ndarray:  # noqa: N803
        """Returns the labels of texts, [documents]."""
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])

    def predict_proba(self, X: Iterable[str]) -> np.ndarray:  # noqa: N803
        """Returns the probabilities of the labels in the order of `classes_`, float64 [documents, classes]."""
        check_is_fitted(self, "classes_")
        examples = golden.examples(self._mixture, self._language, self._preparation, _texts(X))
        rows = [example["probabilities"] for example in examples]
        return np.array(rows, np.float64).reshape(-1, len(self.classes_))

    def _config(self) -> RunConfig:
        sections = {"text": self.text, "model": self.model, "train": self.train}
        given = {name: dict(section) for name, section in sections.items() if section is not None}
        return settings.parse(RunConfig, {"data": {"input": "fit"}, **given}, type(self).__name__)

    def _documents(self, texts: Sequence[str], labels: Sequence[str]) -> list[TokenizedDocument]:
        """The documents. A class that the hash leaves no training document has all of them in training."""
        splits: list[Split] = [self._preparation.split_of(text) for text in texts]
        trained = {label for label, split in zip(labels, splits, strict=True) if split == "train"}
        return [
            TokenizedDocument(split if label in trained else "train", label, self._preparation.tokens(text))
            for text, label, split in zip(texts, labels, splits, strict=True)
        ]


def _texts(given: Iterable[str]) -> list[str]:
    texts = list(given)
    if not all(isinstance(text, str) for text in texts):
        raise ValueError(f"X is a sequence of texts. Received: {next(t for t in texts if not isinstance(t, str))!r}")
    return texts


def _split_by(fraction: float) -> Callable[[str], Split]:
    return lambda text: split_of(text, fraction, 0.0)


def _vocabularies(documents: Sequence[TokenizedDocument], text: TextConfig) -> dict[Any, Vocabulary]:
    training = [document.tokens for document in documents if document.split == "train"]
    counts = {view: token_counts(tokens[view] for tokens in training) for view in text.views}
    return {
        view: Vocabulary.of_counts(of_view, text.vocabulary_size, text.min_count) for view, of_view in counts.items()
    }


def _nobody(_: Event) -> None:
    """Hears what training tells."""

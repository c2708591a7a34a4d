"""The estimator as scikit-learn uses it: cross-validation, pipelines, clones."""

import pickle
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from run.errors import SettingsError
from trainer.estimator import TextClassifier

pytestmark = pytest.mark.integration

SMALL: dict[str, Any] = {
    "text": {"views": ["word"], "max_length": 8},
    "model": {"embedding_size": 8, "filters": 8, "widths": [1, 2]},
    "train": {"epochs": 4, "batch_size": 16, "learning_rate": 0.01},
    "cores": 1,
}
TEXTS = [f"{'房间很好' if i % 2 else '房间很差'}，第{i}次" for i in range(120)]
LABELS = np.array([i % 2 for i in range(120)])


@pytest.fixture(scope="module")
def fitted() -> TextClassifier:
    return TextClassifier(**SMALL).fit(TEXTS, LABELS)


def test_cross_validation_takes_it(fitted: TextClassifier) -> None:
    scores = cross_val_score(fitted, TEXTS, LABELS, cv=3)
    assert scores.shape == (3,)
    assert scores.min() > 0.9


def test_labels_are_those_that_it_was_given(fitted: TextClassifier) -> None:
    assert fitted.classes_.tolist() == [0, 1]
    assert fitted.predict(["房间很好", "房间很差"]).tolist() == [1, 0]
    named = TextClassifier(**SMALL).fit(TEXTS, np.array(["差评", "好评"])[LABELS])
    assert named.predict(["房间很好", "房间很差"]).tolist() == ["好评", "差评"]


def test_probabilities_are_in_the_order_of_the_classes(fitted: TextClassifier) -> None:
    probabilities = fitted.predict_proba(["房间很好", "房间很差", ""])
    assert probabilities.shape == (3, 2)
    assert probabilities.sum(axis=1) == pytest.approx([1, 1, 1])
    assert probabilities[0, 1] > 0.5 > probabilities[1, 1]
    assert fitted.predict_proba([]).shape == (0, 2)


def test_a_pipeline_and_a_search_take_it() -> None:
    spaceless = FunctionTransformer(lambda texts: [text.replace(" ", "") for text in texts])
    steps = make_pipeline(spaceless, TextClassifier(**SMALL))
    search = GridSearchCV(steps, {"textclassifier__train": [SMALL["train"], SMALL["train"] | {"epochs": 1}]}, cv=2)
    assert search.fit(TEXTS, LABELS).score(["房 间 很 好", "房 间 很 差"], [1, 0]) == 1.0


def test_a_clone_has_the_same_settings_and_has_learned_nothing(fitted: TextClassifier) -> None:
    cloned = clone(fitted)
    assert cloned.get_params() == fitted.get_params()
    assert not hasattr(cloned, "classes_")
    assert pickle.loads(pickle.dumps(cloned)).get_params() == fitted.get_params()


def test_equal_seeds_give_equal_models(fitted: TextClassifier) -> None:
    again = clone(fitted).fit(TEXTS, LABELS)
    assert (again.predict_proba(TEXTS[:9]) == fitted.predict_proba(TEXTS[:9])).all()


def test_a_rare_class_is_trained_on_wherever_its_hash_falls() -> None:
    labels = np.where(np.arange(120) == 7, 2, LABELS)
    assert TextClassifier(**SMALL, validation_fraction=0.9).fit(TEXTS, labels).classes_.tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("texts", "labels", "error", "said"),
    [
        (TEXTS, LABELS[:5], ValueError, "120 texts, 5 labels"),
        (TEXTS, [1] * 120, ValueError, "1 different ones"),
        ([*TEXTS[:-1], None], LABELS, ValueError, "sequence of texts. Received: None"),
    ],
)
def test_what_cannot_be_learned_from_is_refused(
    texts: Sequence[str], labels: Sequence[int], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        TextClassifier(**SMALL).fit(texts, labels)


def test_a_key_that_no_run_file_has_is_refused() -> None:
    with pytest.raises(SettingsError, match="TextClassifier"):
        TextClassifier(train={"epoch": 3}).fit(TEXTS, LABELS)

"""What the classical models see: the tokens that the networks see, counted."""

from collections.abc import Callable

import numpy as np
import pytest
from pyspark.sql import SparkSession

from run.baselines import Baseline
from run.config import View
from spark_driver.baselines import ESTIMATORS, answered, counted, evaluated
from spark_driver.preparing import Prepared
from text.counts import Counts
from text.encoding import encode
from text.fingerprint import fingerprint
from text.language import Language
from text.preparation import TokenizedDocument
from text.segmenter import Segmenter
from text.vocabulary import FIRST_TOKEN, PADDING, Vocabulary

pytestmark = pytest.mark.integration

WORDS, CHARACTERS = ("很好", "不"), ("好", "很", "不")

VOCABULARIES: dict[View, Vocabulary] = {"word": Vocabulary(WORDS), "char": Vocabulary(CHARACTERS)}
LANGUAGE = Language(Segmenter(), VOCABULARIES, ("x", "y"))

Make = Callable[..., Prepared]


@pytest.fixture
def prepared(spark: SparkSession) -> Make:
    def make(*documents: tuple[str, str, list[str]]) -> Prepared:
        frame = spark.createDataFrame(list(documents), "split string, label string, tokens array<string>")
        counts = Counts(len(documents), {"train": len(documents), "validation": 0, "test": 0}, ("x", "y"), {}, 0)
        return Prepared(counts, frame, frame, LANGUAGE, (), frame.unpersist)

    return make


def test_a_token_is_counted_in_its_view_and_unknown_ones_are_not(prepared: Make) -> None:
    rows = counted(
        prepared(
            ("train", "y", ["很好 很好 书", "很 好 很 好 书"]),
            ("test", "x", ["不", "不"]),
            ("test", "x", ["", ""]),
        )
    ).collect()
    features = [row["counts"].toArray().tolist() for row in rows]
    assert features == [[2, 0, 2, 2, 0], [0, 1, 0, 0, 1], [0, 0, 0, 0, 0]]
    assert [(row["split"], row["label"]) for row in rows] == [("train", 1), ("test", 0), ("test", 0)]


def test_naive_bayes_learns_from_them_and_is_judged_by_true_and_predicted_label(prepared: Make) -> None:
    training = counted(prepared(*[("train", "y", ["很好", "很 好"])] * 5, *[("train", "x", ["不", "不"])] * 5))
    (pipeline,) = ESTIMATORS["ml_naive_bayes"]([len(WORDS), len(CHARACTERS)], 2)
    documents = [("test", "y", ["很好", "很 好"])] * 3 + [("test", "x", ["很好", "很"])] * 2
    evaluation = evaluated(pipeline.fit(training), counted(prepared(*documents)), 2)
    assert evaluation.confusion.tolist() == [[0, 2], [0, 3]]


def test_each_document_is_known_by_the_fingerprint_that_a_worker_gives_it(prepared: Make) -> None:
    training = counted(prepared(*[("train", "y", ["很好", "很 好"])] * 5, *[("train", "x", ["不", "不"])] * 5))
    (pipeline,) = ESTIMATORS["ml_naive_bayes"]([len(WORDS), len(CHARACTERS)], 2)
    documents = counted(prepared(("test", "y", ["很好 书", "很 好"]), ("test", "x", ["很好", "很 好"])))
    (block,) = encode([TokenizedDocument("test", "y", {"word": ["很好", "书"], "char": []})], 0, LANGUAGE)
    answers = {(label, predicted): key for key, label, predicted in answered(pipeline.fit(training), documents)}
    assert answers.keys() == {(1, 1), (0, 1)}
    assert answers[1, 1] == fingerprint(np.append(block.views["word"].ids, np.int32(PADDING)))
    assert answers[0, 1] == fingerprint(np.array([FIRST_TOKEN], np.int32))


@pytest.mark.parametrize("name", ESTIMATORS)
def test_each_model_learns_what_a_token_tells(name: Baseline, prepared: Make) -> None:
    right = [("train", "y", ["很好", "很 好"])] * 9 + [("train", "x", ["不", "不"])] * 9
    features = counted(prepared(*right, ("train", "x", ["很好", "很 好"]), ("train", "y", ["不", "不"]))).persist()
    *_, pipeline = ESTIMATORS[name]([len(WORDS), len(CHARACTERS)], 2)
    assert evaluated(pipeline.fit(features), features, 2).accuracy == 0.9

"""What the classical models see: the tokens that the networks see, counted."""

from collections.abc import Callable

import pytest
from pyspark.sql import SparkSession

from run.baselines import Baseline
from run.config import View
from spark_driver.baselines import ESTIMATORS, counted, evaluated
from spark_driver.preparing import Prepared
from text.counts import Counts
from text.language import Language
from text.segmenter import Segmenter
from text.vocabulary import Vocabulary

pytestmark = pytest.mark.integration

WORDS, CHARACTERS = ("很好", "不"), ("好", "很", "不")

Make = Callable[..., Prepared]


@pytest.fixture
def prepared(spark: SparkSession) -> Make:
    def make(*documents: tuple[str, str, list[str]]) -> Prepared:
        frame = spark.createDataFrame(list(documents), "split string, label string, tokens array<string>")
        vocabularies: dict[View, Vocabulary] = {"word": Vocabulary(WORDS), "char": Vocabulary(CHARACTERS)}
        counts = Counts(len(documents), {"train": len(documents), "validation": 0, "test": 0}, ("x", "y"), {}, 0)
        return Prepared(counts, frame, frame, Language(Segmenter(), vocabularies, ("x", "y")), (), frame.unpersist)

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


@pytest.mark.parametrize("name", ESTIMATORS)
def test_each_model_learns_what_a_token_tells(name: Baseline, prepared: Make) -> None:
    right = [("train", "y", ["很好", "很 好"])] * 9 + [("train", "x", ["不", "不"])] * 9
    features = counted(prepared(*right, ("train", "x", ["很好", "很 好"]), ("train", "y", ["不", "不"]))).persist()
    *_, pipeline = ESTIMATORS[name]([len(WORDS), len(CHARACTERS)], 2)
    assert evaluated(pipeline.fit(features), features, 2).accuracy == 0.9

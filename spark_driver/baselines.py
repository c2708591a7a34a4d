"""Trains classical models with Spark ML on the tokens of a run, and judges them on its test documents.

    spark-submit … spark_driver/baselines.py --config RUN.toml [--set section.key=value …] --models NAME … --out URI

Exit status as that of train.py.
"""

import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from itertools import accumulate

import numpy as np
from pyspark.ml import Model, Pipeline
from pyspark.ml.classification import (
    DecisionTreeClassifier,
    LinearSVC,
    LogisticRegression,
    MultilayerPerceptronClassifier,
    NaiveBayes,
    OneVsRest,
    RandomForestClassifier,
)
from pyspark.ml.feature import IDF, Normalizer, VectorSlicer
from pyspark.ml.linalg import SparseVector, VectorUDT
from pyspark.ml.wrapper import JavaEstimator
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812 - as all of Spark's documentation writes it
from pyspark.sql.types import DoubleType, LongType

from run.baselines import BASELINES, Baseline
from run.config import RunConfig
from run.metrics import Evaluation
from run.result import Quality, Result
from run.splits import Split
from run.terminal import Terminal
from spark_driver import job
from spark_driver.preparing import Prepared, prepare
from spark_driver.run_folder import RunFolder
from spark_driver.session import session
from text.fingerprint import KEPT, fingerprint
from text.vocabulary import FIRST_TOKEN

SMOOTHING = 0.1
"""As the naive Bayes of a run."""
STRENGTHS = (1e-6, 1e-5, 1e-4)
"""Regularization that is tried."""
FEW = 1_000
"""The most frequent tokens, for trees, which look at each of them in turn."""
FEW_DENSE = 400
"""The most frequent tokens, for the perceptron, which takes them as a dense vector."""
HIDDEN = 32
ITERATIONS = 100
SEED = 1

Estimators = Callable[[Sequence[int], int], Sequence[Pipeline]]
"""What is tried, for views with so many tokens, and so many classes; the validation documents choose."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the job and returns its exit status."""
    parser = job.run_file_parser("baselines.py", __doc__)
    parser.add_argument("--models", nargs="+", choices=BASELINES, default=list(BASELINES), metavar="NAME")
    options = parser.parse_args(arguments)
    return job.run(options, job.configured(options, partial(train, options.models)))


def train(models: Sequence[Baseline], config: RunConfig, folder: RunFolder, result: Result, terminal: Terminal) -> None:
    """Trains models one after the other, each on the whole cluster; `result` has how each does on the test."""
    with session(config.name) as spark:
        terminal.stage("reading and preparing the documents")
        prepared = prepare(spark, config, folder, result)
        features = counted(prepared).persist()
        of_split: dict[Split, DataFrame] = {
            split: features.where(F.col("split") == split) for split in ("train", "validation", "test")
        }
        sizes = [len(vocabulary.tokens) for vocabulary in prepared.language.vocabularies.values()]
        classes = len(prepared.language.labels)
        answers: list[list[tuple[int, int, int]]] = []
        for name in models:
            terminal.stage(f"training {name}")
            begun = time.monotonic()
            fitted = [pipeline.fit(of_split["train"]) for pipeline in ESTIMATORS[name](sizes, classes)]
            model = max(fitted, key=lambda m: evaluated(m, of_split["validation"], classes).accuracy)
            seconds = time.monotonic() - begun
            test = evaluated(model, of_split["test"], classes)
            answers.append(answered(model, of_split["test"]))
            if test.rows:
                result.members[name] = Quality(test.accuracy, test.macro_f1, test.rows)
                terminal.say(f"{name}: test accuracy {100 * test.accuracy:.2f} %, {seconds:.1f} s")
            result.model_seconds[name] = seconds
        of_all = zip(*answers, strict=True)
        documents = [[*first, *(predicted for *_, predicted in others)] for first, *others in of_all]
        folder.write_answers(config.text.views[0], models, documents)


def counted(prepared: Prepared) -> DataFrame:
    """Returns the documents with the counts of their tokens: split, label (class), counts (a sparse vector), key.

    The features are the tokens of every view's vocabulary, so that all models see what the networks see; the key is the
    document's fingerprint.
    """
    shared = prepared.documents.sparkSession.sparkContext.broadcast(prepared.language)
    starts = _starts([len(vocabulary.tokens) for vocabulary in prepared.language.vocabularies.values()])

    def counts(tokens: list[str]) -> SparseVector:
        features: Counter[int] = Counter()
        for start, vocabulary, of_view in zip(starts[:-1], shared.value.vocabularies.values(), tokens, strict=True):
            ids = vocabulary.encode(of_view.split())
            features.update(start + i - FIRST_TOKEN for i in ids if i >= FIRST_TOKEN)
        return SparseVector(starts[-1], dict(features))

    def key(tokens: list[str]) -> int:
        first = next(iter(shared.value.vocabularies.values()))
        return fingerprint(np.array(first.encode(tokens[0].split()), np.int32))

    label = F.udf(lambda label: float(shared.value.classes[label]), DoubleType())
    vector = F.udf(lambda tokens: counts(tokens), VectorUDT())  # Spark would guess at the types of `counts` itself
    return prepared.documents.select(
        "split",
        label("label").alias("label"),
        vector("tokens").alias("counts"),
        F.udf(lambda tokens: key(tokens), LongType())("tokens").alias("key"),
    )


def _starts(sizes: Sequence[int]) -> list[int]:
    """Where the features of each view begin, and how many there are in all."""
    return [0, *accumulate(sizes)]


def evaluated(model: Model, documents: DataFrame, classes: int) -> Evaluation:
    """Evaluates a model; the documents stay where they are."""
    confusion = np.zeros((classes, classes), np.int64)
    for label, prediction, number in model.transform(documents).groupBy("label", "prediction").count().collect():
        confusion[int(label), int(prediction)] += number
    return Evaluation(confusion, float("nan"))


def answered(model: Model, documents: DataFrame) -> list[tuple[int, int, int]]:
    """Returns fingerprint, class and predicted class of the documents with the smallest fingerprints, in order."""
    answers = model.transform(documents).select("key", "label", "prediction").orderBy("key", "label", "prediction")
    return [(key, int(label), int(prediction)) for key, label, prediction in answers.limit(KEPT).collect()]


def _naive_bayes(_: Sequence[int], __: int) -> list[Pipeline]:
    return [Pipeline(stages=[NaiveBayes(featuresCol="counts", smoothing=SMOOTHING)])]


def _logistic_regression(_: Sequence[int], __: int) -> list[Pipeline]:
    return [
        _weighted(LogisticRegression(maxIter=ITERATIONS, regParam=strength, standardization=False))
        for strength in STRENGTHS
    ]


def _linear_svm(_: Sequence[int], classes: int) -> list[Pipeline]:
    binary = [LinearSVC(maxIter=ITERATIONS, regParam=strength, standardization=False) for strength in STRENGTHS[1:]]
    return [_weighted(svm if classes == 2 else OneVsRest(classifier=svm)) for svm in binary]


def _multilayer_perceptron(sizes: Sequence[int], classes: int) -> list[Pipeline]:
    tokens = _most_frequent(sizes, FEW_DENSE)
    layers = [len(tokens), HIDDEN, classes]
    return [_few(tokens, MultilayerPerceptronClassifier(layers=layers, maxIter=ITERATIONS, seed=SEED))]


def _decision_tree(sizes: Sequence[int], _: int) -> list[Pipeline]:
    tokens = _most_frequent(sizes, FEW)
    return [_few(tokens, DecisionTreeClassifier(maxDepth=depth, maxBins=4, seed=SEED)) for depth in (5, 12)]


def _random_forest(sizes: Sequence[int], _: int) -> list[Pipeline]:
    tokens = _most_frequent(sizes, FEW)
    return [_few(tokens, RandomForestClassifier(numTrees=50, maxDepth=12, maxBins=4, seed=SEED))]


ESTIMATORS: dict[Baseline, Estimators] = {
    "ml_naive_bayes": _naive_bayes,
    "ml_logistic_regression": _logistic_regression,
    "ml_linear_svm": _linear_svm,
    "ml_multilayer_perceptron": _multilayer_perceptron,
    "ml_decision_tree": _decision_tree,
    "ml_random_forest": _random_forest,
}


def _weighted(classifier: JavaEstimator | OneVsRest) -> Pipeline:
    """A classifier over TF-IDF of unit length."""
    weighted = IDF(inputCol="counts", outputCol="weighted")
    return Pipeline(stages=[weighted, Normalizer(inputCol="weighted", outputCol="features"), classifier])


def _few(tokens: list[int], classifier: JavaEstimator) -> Pipeline:
    """A classifier over the counts of some tokens."""
    few = VectorSlicer(inputCol="counts", outputCol="features", indices=tokens)
    return Pipeline(stages=[few, classifier])


def _most_frequent(sizes: Sequence[int], number: int) -> list[int]:
    """The features of so many of the most frequent tokens, as many of each view."""
    each = number // len(sizes)
    return [start + i for start, size in zip(_starts(sizes)[:-1], sizes, strict=True) for i in range(min(size, each))]


if __name__ == "__main__":
    sys.exit(main())

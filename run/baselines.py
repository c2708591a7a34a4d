"""The classical models that a run can be compared with."""

from typing import Literal, get_args

Baseline = Literal[
    "ml_naive_bayes",
    "ml_logistic_regression",
    "ml_linear_svm",
    "ml_multilayer_perceptron",
    "ml_decision_tree",
    "ml_random_forest",
]
"""Of Spark ML, which has them for the whole cluster."""

BASELINES: tuple[Baseline, ...] = get_args(Baseline)

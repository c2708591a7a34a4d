"""The classical models that a run can be compared with, and all models that can be."""

from typing import Literal, get_args

from run.config import Kind

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

MODELS: tuple[str, ...] = (*get_args(Kind), "mixture", *BASELINES)
"""What can be compared; the mixture is what the run file says."""

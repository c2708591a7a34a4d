"""How sure figures are that were counted: intervals, and a test of two models on the same documents."""

from fractions import Fraction

import numpy as np

from run.metrics import Evaluation

Z = 1.96
"""For intervals that hold the true value in 95 of 100 cases."""


def wilson(right: np.ndarray, of: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the ends of the intervals of shares; from 0 to 1 where nothing was counted.

    Source: E. B. Wilson, Probable Inference, JASA 22, 1927.

    Args:
        right: counted, [shares].
        of: how many there are, [shares].

    Returns:
        Two arrays, float64 [shares].
    """
    number = np.maximum(of, 1).astype(np.float64)
    share = right / number
    centre, below = share + Z**2 / (2 * number), 1 + Z**2 / number
    half = Z * np.sqrt(share * (1 - share) / number + Z**2 / (4 * number**2))
    known = of > 0
    low, high = (centre - half) / below, (centre + half) / below
    return np.where(known, np.maximum(low, 0.0), 0.0), np.where(known, np.minimum(high, 1.0), 1.0)


def of_accuracy(evaluation: Evaluation) -> tuple[float, float]:
    """Returns the interval of an accuracy."""
    low, high = wilson(np.array([np.trace(evaluation.confusion)]), np.array([evaluation.rows]))
    return float(low[0]), float(high[0])


def of_precision(evaluation: Evaluation) -> tuple[np.ndarray, np.ndarray]:
    """Returns the intervals of the classes' precisions."""
    return wilson(np.diag(evaluation.confusion), evaluation.confusion.sum(axis=0))


def of_recall(evaluation: Evaluation) -> tuple[np.ndarray, np.ndarray]:
    """Returns the intervals of the classes' recalls."""
    return wilson(np.diag(evaluation.confusion), evaluation.confusion.sum(axis=1))


def of_f1(evaluation: Evaluation) -> tuple[np.ndarray, np.ndarray]:
    """Returns the intervals of the classes' F1.

    F1 rises with the share of the hits in hits, misses and false alarms, which is counted: F1 = 2 J / (1 + J).
    """
    hits = np.diag(evaluation.confusion)
    low, high = wilson(hits, evaluation.confusion.sum(axis=0) + evaluation.confusion.sum(axis=1) - hits)
    return 2 * low / (1 + low), 2 * high / (1 + high)


def mcnemar(first: int, second: int) -> float:
    """Returns how probable it is that two equally good models differ so much, on the same documents: the exact test.

    Source: Q. McNemar, Note on the sampling error of the difference between correlated proportions, 1947.

    Args:
        first: documents that the first model alone gets right.
        second: those that the second alone does.
    """
    differing, fewer = first + second, min(first, second)
    term = ways = 1  # of the binomial coefficients: whole numbers of any size
    for number in range(fewer):
        term = term * (differing - number) // (number + 1)
        ways += term
    return float(min(Fraction(1), Fraction(2 * ways, 2**differing)))

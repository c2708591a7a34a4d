"""How sure figures are that were counted: intervals, and tests of two models on the same documents."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from run.metrics import Evaluation

Z = 1.96
"""For intervals that hold the true value in 95 of 100 cases."""
UNSURE = 0.05
"""The share of the other cases."""


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


@dataclass(frozen=True)
class Variance:
    """How much a mean varies with one of the things that were drawn for it, documents say."""

    value: float
    """Of the mean, not of what it is the mean of."""
    freedom: int
    """Degrees of freedom: one less than were drawn."""

    @classmethod
    def of(cls, means: np.ndarray) -> "Variance":
        """Returns that of the mean of what was found with each thing that was drawn, [drawn]; none of a single one."""
        if len(means) == 1:
            return cls(0.0, 0)
        return cls(float(means.var(ddof=1)) / len(means), len(means) - 1)


def of_mean(mean: float, variances: Sequence[Variance]) -> tuple[float, float, float]:
    """Returns the interval of a mean that varies with several things, and how probable one so far from 0 is, were it 0.

    Source: F. E. Satterthwaite, An Approximate Distribution of Estimates of Variance Components, Biometrics 2, 1946.

    Args:
        mean: over all that was drawn.
        variances: how much it varies with each thing; they are added.

    Returns:
        The ends of the interval, and the probability on both sides.
    """
    variance = sum(part.value for part in variances)
    if variance == 0:
        return mean, mean, 0.0 if mean else 1.0
    freedom = variance**2 / sum(part.value**2 / part.freedom for part in variances if part.freedom)
    error = math.sqrt(variance)
    half = error * t_value(UNSURE, freedom)
    return mean - half, mean + half, t_test(mean / error, freedom)


def t_test(t: float, freedom: float) -> float:
    """Returns how probable it is that Student's t is so far from 0 or farther, on both sides.

    Args:
        t: a mean over its standard error.
        freedom: degrees of freedom, at least 1.
    """
    angles, beyond = _student(freedom)
    return float(np.interp(math.atan(abs(t) / math.sqrt(freedom)), angles, beyond))


def t_value(p: float, freedom: float) -> float:
    """Returns the t of which `t_test` is p."""
    angles, beyond = _student(freedom)
    return math.sqrt(freedom) * math.tan(np.interp(p, beyond[::-1], angles[::-1]))


def _student(freedom: float) -> tuple[np.ndarray, np.ndarray]:
    """How probable it is that t is beyond a place; the places as angles, the arc tangents of t over √freedom.

    Over the angles, Student's density is a power of the cosine, and ends.
    """
    angles = np.linspace(0.0, math.pi / 2, 20_001)
    density = np.cos(angles) ** (freedom - 1)
    areas = (density[1:] + density[:-1]) / 2
    beyond = np.append(np.cumsum(areas[::-1])[::-1], 0.0)
    return angles, beyond / beyond[0]

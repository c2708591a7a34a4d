"""The figures of the test documents that the report shows and report.json tells programs."""

import dataclasses
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import numpy as np

from run import intervals
from run.events import Judged
from run.metrics import Evaluation

TOP = (2, 3, 5)


def tested(evaluation: Evaluation, labels: Sequence[str], judged: Judged | None) -> dict[str, Any] | None:
    """Returns what the test has shown; None without test documents."""
    if not evaluation.rows:
        return None
    accuracy = _share(evaluation.accuracy, *intervals.of_accuracy(evaluation))
    found: dict[str, Any] = {
        "rows": evaluation.rows,
        "accuracy": accuracy,
        "macro_f1": evaluation.macro_f1,
        "most_frequent": dict(zip(("label", "share"), most_frequent(evaluation, labels), strict=True)),
        "classes": _classes(evaluation, labels),
        "confusion": evaluation.confusion.tolist(),
    }
    if judged:
        ranges = [_range(number, len(judged.bins), *of_bin) for number, of_bin in enumerate(judged.bins)]
        found["top"] = top(judged.places)
        found["calibration"] = {"error": calibration_error(judged.bins), "ranges": ranges}
        found["mistakes"] = [dataclasses.asdict(mistake) for mistake in judged.mistakes]
    return found


def most_frequent(evaluation: Evaluation, labels: Sequence[str]) -> tuple[str, float]:
    """Returns the most frequent label of the test documents, and the accuracy of whoever always gives that answer."""
    documents = evaluation.confusion.sum(axis=1)
    largest = int(documents.argmax())
    return labels[largest], float(documents[largest] / evaluation.rows)


def top(places: Sequence[int]) -> dict[int, float]:
    """Returns the shares of the documents whose label is among the first so many choices, where that says something."""
    right = list(accumulate(places))
    return {k: right[k - 1] / right[-1] for k in TOP if k < len(places)}


def calibration_error(bins: Sequence[Sequence[float]]) -> float:
    """Returns by how much confidence and accuracy differ: their mean difference over ranges of confidence.

    Source: C. Guo et al., On Calibration of Modern Neural Networks, ICML 2017, arXiv:1706.04599.
    """
    documents, confidence, right = np.array(bins).T
    return float(np.abs(confidence - right).sum() / documents.sum())


def _range(number: int, of: int, documents: float, confidence: float, right: float) -> dict[str, float | None]:
    return {
        "from": number / of,
        "to": (number + 1) / of,
        "documents": int(documents),
        "confidence": confidence / documents if documents else None,
        "accuracy": right / documents if documents else None,
    }


def _classes(evaluation: Evaluation, labels: Sequence[str]) -> list[dict[str, Any]]:
    columns = {
        "precision": (evaluation.precision, intervals.of_precision(evaluation)),
        "recall": (evaluation.recall, intervals.of_recall(evaluation)),
        "f1": (evaluation.f1, intervals.of_f1(evaluation)),
    }
    documents = evaluation.confusion.sum(axis=1)
    return [
        {"label": label, "documents": int(documents[i])}
        | {name: _share(values[i], low[i], high[i]) for name, (values, (low, high)) in columns.items()}
        for i, label in enumerate(labels)
    ]


def _share(value: float, low: float, high: float) -> dict[str, float]:
    """A share with its interval."""
    return {"value": float(value), "low": float(low), "high": float(high)}

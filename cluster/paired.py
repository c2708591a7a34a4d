"""Tests of two models on the same documents: whether one is better, or chance makes such a difference."""

import dataclasses
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

import storage
from run import folder
from run.config import View
from run.intervals import Variance, mcnemar, of_mean
from run.terminal import percent

REAL = 0.05
"""A difference that chance makes less often than this is taken for real."""

LEAST = 1e-4
"""What is less likely is not told more exactly."""

Told = Iterable[tuple[int, int, int]]
"""Of each document its fingerprint, its class, and what a model has answered."""


@dataclass(frozen=True)
class Paired:
    """Test documents on which two models differ."""

    name: str
    """The class that they are of, or all; or who is held against the best model."""
    documents: int
    first: int
    """Those that the first model alone gets right."""
    second: int
    p: float
    """How often chance alone makes such a difference (McNemar); of several with Holm's correction for their number."""

    @property
    def real(self) -> bool:
        """Whether one model is better."""
        return self.p < REAL

    @property
    def lead(self) -> float:
        """The share of the documents by which the first model gets more right."""
        return (self.first - self.second) / max(self.documents, 1)


@dataclass(frozen=True)
class OverSeeds:
    """Test documents on which two models differ, in the mean of trainings with several seeds."""

    documents: int
    lead: float
    """The share of the documents by which the first model gets more right."""
    low: float
    """The lead's 95 % interval, with other documents and other seeds."""
    high: float
    p: float
    """How often chance alone makes such a difference; of several with Holm's correction for their number."""

    @property
    def real(self) -> bool:
        """Whether one model is better."""
        return self.p < REAL


Test = TypeVar("Test", bound=Paired | OverSeeds)


@dataclass(frozen=True)
class Answers:
    """What models have said of the test documents of a run, as test.json has it."""

    view: View
    """The view whose token ids the fingerprints are of."""
    models: Sequence[str]
    documents: Sequence[Sequence[int]]
    """Of each its fingerprint, its class, and the class that it got from each of the models."""

    @classmethod
    def of(cls, run: str) -> "Answers | None":
        """Reads what a run has left in its folder; None if that is nothing."""
        file = storage.join(run, folder.TEST)
        return cls(**json.loads(storage.read(file))) if storage.exists(file) else None

    def same_documents(self, other: "Answers") -> bool:
        """Tells whether these are answers to the same, where the vocabularies are the same."""
        return [document[:2] for document in self.documents] == [document[:2] for document in other.documents]

    def by(self, model: str) -> Iterator[tuple[int, int, int]]:
        """Yields what a model has told."""
        place = 2 + list(self.models).index(model)
        yield from ((document[0], document[1], document[place]) for document in self.documents)


@dataclass(frozen=True)
class Pair:
    """The answers of two models to a document."""

    label: int
    first: bool
    """Whether the first model is right."""
    second: bool


def pairs(first: Told, second: Told) -> list[Pair]:
    """Returns the pairs of what two models have told of the same documents, in the same order."""
    # A document and its copies get the same answers: they are one observation.
    different = dict.fromkeys((*a, b[2]) for a, b in zip(first, second, strict=True))
    return [Pair(label, of_first == label, of_second == label) for _, label, of_first, of_second in different]


def paired(name: str, found: Sequence[Pair]) -> Paired:
    """Returns what the test says of pairs."""
    first = sum(pair.first and not pair.second for pair in found)
    second = sum(pair.second and not pair.first for pair in found)
    return Paired(name, len(found), first, second, mcnemar(first, second))


def over_seeds(first: Sequence[Told], second: Sequence[Told]) -> OverSeeds:
    """Returns what the test says of two models that were trained several times, or once where a seed does nothing.

    A lead varies with the documents that are drawn for the test, and with the seeds; both variances are added. What
    varies with both at once is in each of them, so that the test rather finds too little than too much.

    Source: A. C. Cameron, J. B. Gelbach, D. L. Miller, Robust Inference With Multiway Clustering, Journal of Business &
    Economic Statistics 29, 2011.

    Args:
        first: what the first model has told of the same documents, in the same order, with each seed.
        second: likewise.
    """
    # A document and its copies get the same answers: they are one observation.
    different = dict.fromkeys(zip(*first, *second, strict=True))
    right = np.array([[float(answer == label) for _, label, answer in told] for told in different])
    leads = right[:, : len(first)] - right[:, len(first) :]  # [documents, seeds]
    lead = float(leads.mean())
    variances = Variance.of(leads.mean(axis=1)), Variance.of(leads.mean(axis=0))
    return OverSeeds(len(leads), lead, *of_mean(lead, variances))


def corrected(tests: Sequence[Test]) -> list[Test]:
    """Returns them with larger p: of twenty tests, one finds a difference by chance.

    Source: S. Holm, A Simple Sequentially Rejective Multiple Test Procedure, Scandinavian Journal of Statistics, 1979.
    """
    larger = list(tests)
    largest = 0.0
    for rank, place in enumerate(sorted(range(len(tests)), key=lambda place: tests[place].p)):
        largest = max(largest, min(1.0, tests[place].p * (len(tests) - rank)))
        larger[place] = dataclasses.replace(tests[place], p=largest)
    return larger


def chance(p: float) -> str:
    """Returns a probability as a reader wants it."""
    return percent(p) if p >= LEAST else f"< {percent(LEAST)}"

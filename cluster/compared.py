"""Models side by side, on data sets and with seeds: the figures of each, and which of their differences are real."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import mean, stdev

import numpy as np

from cluster.paired import Answers, OverSeeds, Paired, Told, corrected, over_seeds, paired, pairs
from run.intervals import Variance, of_mean, wilson
from run.result import Quality


@dataclass(frozen=True)
class Once:
    """A training of a model."""

    seed: int | None
    """None of a model that has none."""
    quality: Quality | None
    """On the test documents; None without any."""
    seconds: float | None
    """Of its training."""
    size: int | None = None
    """Bytes of the published model; None where the run publishes none."""
    documents_per_second: float | None = None
    """In training; None where that is not measured."""


@dataclass(frozen=True)
class Training:
    """A training of a model, and where its answers are."""

    figures: Once
    answers: Answers | None
    name: str
    """Its name there."""

    @property
    def told(self) -> Told:
        """What it has told of the test documents."""
        assert self.answers
        return self.answers.by(self.name)


Trainings = Mapping[str, Sequence[Training]]
"""Those of each model, by its name."""


@dataclass(frozen=True)
class Compared:
    """A model on a data set; its figures are means over its seeds."""

    model: str
    data: str
    """The name of the data set's run file."""
    quality: Quality | None
    """On the test documents; None without any."""
    interval: tuple[float, float] | None
    """The 95 % interval of the accuracy: with other documents and, where there are several seeds, other seeds."""
    deviation: float | None
    """Of the accuracy, from seed to seed; None of one."""
    seconds: float | None
    """Of its training."""
    size: int | None
    """Bytes of the published model; None where the run publishes none."""
    documents_per_second: float | None
    """In training; None where that is not measured."""
    against_best: Paired | OverSeeds | None
    """The data set's best model (first) and this one on the same documents; None of the best itself, and where it is
    not known."""
    seeds: tuple[Once, ...]

    @property
    def worse(self) -> bool:
        """Whether the best model is surely better."""
        # The accuracy that has made the best one first counts copies, the test counts them once.
        return self.against_best is not None and self.against_best.real and self.against_best.lead > 0


def side_by_side(data: Mapping[str, Trainings]) -> list[Compared]:
    """Holds each model against the best on the same data set; returns them data set by data set, the best first.

    Args:
        data: what was trained on each data set, by its name.
    """
    compared = [model for name, models in data.items() for model in _on(name, models)]
    tests = iter(corrected([model.against_best for model in compared if model.against_best]))
    return [replace(model, against_best=next(tests)) if model.against_best else model for model in compared]


def _on(name: str, models: Trainings) -> Iterator[Compared]:
    """The models on a data set, the best first; the tests are not corrected for their number."""
    found = [(_means(model, name, trainings), trainings) for model, trainings in models.items()]
    found.sort(key=lambda model: model[0].quality.accuracy if model[0].quality else 0.0, reverse=True)
    several = any(len(trainings) > 1 for trainings in models.values())
    (best, of_best), *others = found
    yield best
    for other, trainings in others:
        if best.quality and _same_documents([*of_best, *trainings]):
            other = replace(other, against_best=_test(other.model, of_best, trainings, several))
        yield other


def _means(model: str, data: str, trainings: Sequence[Training]) -> Compared:
    runs = tuple(training.figures for training in trainings)
    qualities = [run.quality for run in runs if run.quality]
    accuracies = [quality.accuracy for quality in qualities]
    size = _mean([run.size for run in runs])
    return Compared(
        model=model,
        data=data,
        quality=Quality(mean(accuracies), mean(q.macro_f1 for q in qualities), qualities[0].rows)
        if qualities
        else None,
        interval=_interval(accuracies, qualities[0].rows) if qualities else None,
        deviation=stdev(accuracies) if len(accuracies) > 1 else None,
        seconds=_mean([run.seconds for run in runs]),
        size=None if size is None else round(size),
        documents_per_second=_mean([run.documents_per_second for run in runs]),
        against_best=None,
        seeds=runs,
    )


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return mean(known) if known else None


def _interval(accuracies: Sequence[float], rows: int) -> tuple[float, float]:
    accuracy = mean(accuracies)
    if len(accuracies) == 1:
        low, high = wilson(np.array([round(accuracy * rows)]), np.array([rows]))
        return float(low[0]), float(high[0])
    # A mean over seeds varies at most as much with the documents as an accuracy does.
    documents = Variance(accuracy * (1 - accuracy) / rows, rows - 1)
    least, most, _ = of_mean(accuracy, (documents, Variance.of(np.array(accuracies))))
    return max(least, 0.0), min(most, 1.0)


def _same_documents(trainings: Sequence[Training]) -> bool:
    """Tells whether all have answered the same."""
    first = trainings[0].answers
    return first is not None and all(t.answers is not None and first.same_documents(t.answers) for t in trainings)


def _test(name: str, best: Sequence[Training], other: Sequence[Training], several: bool) -> Paired | OverSeeds:
    if several:
        return over_seeds([training.told for training in best], [training.told for training in other])
    return paired(name, pairs(best[0].told, other[0].told))

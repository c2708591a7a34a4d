"""Trains several models on the same input, a run of each, and puts them side by side."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
from rich.console import Console
from rich.table import Table

import storage
from cluster import comparison_page
from cluster.comparison_page import PAGE, Part, Scale
from cluster.paired import REAL, Answers, Paired, chance, corrected, paired, pairs
from cluster.spark_submit import Launch
from run import folder, formats, pages, settings
from run.baselines import BASELINES
from run.config import Kind, RunConfig
from run.intervals import wilson
from run.result import Quality, Result
from run.terminal import percent

NETWORKS: tuple[Kind, ...] = get_args(Kind)
MODELS = (*NETWORKS, "mixture", *BASELINES)
"""What can be compared; the mixture is what the run file says."""
DEFAULT = ("mixture", "ml_naive_bayes", "ml_logistic_regression")
ALL_BASELINES = "spark_ml"
COMPARISON = "comparison.json"

Run = Callable[[Launch], int]
"""Runs a launch to its end; returns its exit status."""


@dataclass(frozen=True)
class Compared:
    """A model of a comparison."""

    model: str
    quality: Quality | None
    """On the test documents; None without any."""
    seconds: float | None
    """Of its training."""
    size: int | None = None
    """Bytes of the published model; None where the run publishes none."""
    documents_per_second: float | None = None
    """In training; None where that is not measured."""
    against_best: Paired | None = None
    """The best model (first) and this one on the same documents; None of the best itself, and where it is not known."""


@dataclass(frozen=True)
class _Trained:
    """A model of a comparison, and where its answers are."""

    compared: Compared
    answers: Answers | None
    name: str
    """Its name there."""


def compare(models: Sequence[str], launch: Launch, baselines: Path, run: Run, console: Console) -> int:
    """Runs each network by itself, the mixture, and all baselines in one run; prints a table, best model first.

    The folder of the comparison has the same for programs, and as a page.

    Args:
        models: of `MODELS`.
        launch: the run of the mixture, with the folder of the comparison.
        baselines: the driver's script for them.
        run: runs a launch.
        console: for the table.

    Returns:
        The exit status of the first run that fails, or 0.
    """
    assert launch.run_file is not None
    config = settings.read(RunConfig, launch.run_file, launch.changes)
    trained: list[_Trained] = []
    for model in (name for name in models if name not in BASELINES):
        changes = [] if model == "mixture" else [f"model.networks={json.dumps([model])}"]
        out = storage.join(launch.out, model)
        if status := run(replace(launch, changes=[*launch.changes, *changes], out=out)):
            return status
        trained.append(_network(model, out))
    if classical := [name for name in models if name in BASELINES]:
        out = storage.join(launch.out, ALL_BASELINES)
        if status := run(replace(launch, script=baselines, out=out, options=["--models", *classical])):
            return status
        trained += _classical(classical, out)
    trained.sort(key=lambda t: t.compared.quality.accuracy if t.compared.quality else 0.0, reverse=True)
    compared = _against_best(trained)
    page = storage.join(launch.out, PAGE)
    storage.write(storage.join(launch.out, COMPARISON), json.dumps([asdict(c) for c in compared], indent=2).encode())
    storage.write(page, html(settings.to_json(config), compared).encode())
    console.print(_table(compared))
    console.print(f"page: {page}", soft_wrap=True, markup=False, highlight=False)
    return 0


def _network(model: str, out: str) -> _Trained:
    """A network, or the mixture, that was trained into a folder."""
    result = _result(out)
    alone = model.replace("_", " ")
    name = alone if alone in result.members else folder.MODEL
    quality = result.members.get(alone, result.test)
    size = storage.folder_size(result.model) if result.model else None
    compared = Compared(model, quality, result.seconds.train, size, result.documents_per_second)
    return _Trained(compared, Answers.of(out), name)


def _classical(models: Sequence[str], out: str) -> list[_Trained]:
    """The baselines that were trained into a folder."""
    result, answers = _result(out), Answers.of(out)
    return [
        _Trained(Compared(name, result.members.get(name), result.model_seconds[name]), answers, name) for name in models
    ]


def _result(out: str) -> Result:
    return Result.from_json(storage.read(storage.join(storage.absolute(out), folder.RESULT)))


def _against_best(trained: Sequence[_Trained]) -> list[Compared]:
    """Holds each model against the first, on the same test documents."""
    best, *others = trained
    tests = [
        paired(other.compared.model, pairs(best.answers.by(best.name), other.answers.by(other.name)))
        for other in others
        if best.answers and other.answers and best.answers.same_documents(other.answers)
    ]
    found = {test.name: test for test in corrected(tests)}
    return [replace(of.compared, against_best=found.get(of.compared.model)) for of in trained]


# For a person


def _table(compared: Sequence[Compared]) -> Table:
    table = Table("model", "test accuracy", "macro-F1", "against the best", "seconds", "documents/s", "model, MB")
    for column in table.columns[1:]:
        column.justify = "right"
    for row in compared:
        accuracy, macro_f1 = (row.quality.accuracy, row.quality.macro_f1) if row.quality else (None, None)
        megabytes = None if row.size is None else row.size / 1e6
        figures = _rounded(row.seconds), _rounded(row.documents_per_second, 0), _rounded(megabytes)
        table.add_row(row.model, percent(accuracy), percent(macro_f1), _verdict(row.against_best), *figures)
    return table


def _verdict(test: Paired | None) -> str:
    if test is None:
        return "–"
    if not test.real:
        return "not surely worse"
    # The accuracy that has made the best one first counts copies, the test counts them once.
    return "worse" if test.first > test.second else "better"


def _rounded(value: float | None, digits: int = 1) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"


def html(config: Mapping[str, Any], compared: Sequence[Compared]) -> str:
    """Returns the page of a comparison.

    Args:
        config: the resolved run file.
        compared: its models, the best first.
    """
    models = Part("Models", (), _models(compared), "named", NOTES)
    configuration = Part("Configuration", (), pages.settings_table(config), "words")
    return comparison_page.page(str(config["name"]), _status(compared), (models, configuration))


NOTES = (
    "Against the best: how many test documents the best model alone gets right, and how many this one alone. Chance: "
    "how often it makes such a difference between two models that are equally good (McNemar's exact test, with Holm's "
    f"correction for the number of models). Below {percent(REAL)} it is taken for real.",
    "Line and dot: the 95 % interval of the test accuracy, and the accuracy. Where the lines of two models overlap, "
    "the test on the same documents can still tell them apart.",
)


def _status(compared: Sequence[Compared]) -> str:
    best, *others = compared
    if not best.quality:
        return "Without test documents, no model is better than another."
    if not others:
        return f"{best.model} alone"
    equal = [other.model for other in others if not (other.against_best and other.against_best.real)]
    if not equal:
        return f"{best.model} is better than all others"
    return f"{best.model} is first; it is not surely better than {', '.join(equal)}"


def _models(compared: Sequence[Compared]) -> pages.Table:
    intervals = {c.model: _interval(c.quality) for c in compared if c.quality}
    scale = Scale.of(intervals.values())
    rows = []
    for number, row in enumerate(compared):
        accuracy = macro_f1 = within = None
        if row.quality:
            accuracy, macro_f1 = formats.percent(row.quality.accuracy), formats.percent(row.quality.macro_f1)
            within = scale.drawn(row.quality.accuracy, *intervals[row.model])
        megabytes = None if row.size is None else _rounded(row.size / 1e6)
        speed = formats.duration(row.seconds), formats.number(row.documents_per_second), megabytes
        against = ("the best", None) if number == 0 and row.quality else _told(row.against_best)
        rows.append((row.model, accuracy, within, macro_f1, *against, *speed))
    head = ("Model", "Test accuracy", "95 % interval", "Macro-F1", "Against the best", "Chance")
    return pages.Table((*head, "Training", "Documents/s", "Model, MB"), rows)


def _interval(quality: Quality) -> tuple[float, float]:
    low, high = wilson(np.array([round(quality.accuracy * quality.rows)]), np.array([quality.rows]))
    return float(low[0]), float(high[0])


def _told(test: Paired | None) -> tuple[str | None, str | None]:
    return (f"{_verdict(test)}, {test.first:,} : {test.second:,}", chance(test.p)) if test else (None, None)

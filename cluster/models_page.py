"""Models side by side for a person: tables for the terminal, and the page."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from statistics import mean
from typing import Any

from rich.table import Table

from cluster import comparison_page
from cluster.compared import Compared
from cluster.comparison_page import Part, Scale
from cluster.paired import REAL, OverSeeds, Paired, chance
from run import formats, pages
from run.terminal import percent


def tables(compared: Sequence[Compared]) -> Iterator[Table]:
    """Yields a table of the models on each data set, before them one of all, behind them one of all seeds.

    Args:
        compared: the models, data set by data set, the best first.
    """
    data = _by_data(compared)
    if len(data) > 1:
        yield _overview_table(data)
    for name, models in data.items():
        yield _table(models, name if len(data) > 1 else None)
    if _several_seeds(compared):
        head, rows = _seed_by_seed(data)
        table = Table(*head, title=SEED_BY_SEED, title_justify="left")
        _aligned(table)
        for row in rows:
            table.add_row(*row)
        yield table


def html(configs: Sequence[Mapping[str, Any]], compared: Sequence[Compared]) -> str:
    """Returns the page of a comparison.

    Args:
        configs: the resolved run file of each data set.
        compared: the models, data set by data set, the best first.
    """
    data = _by_data(compared)
    if len(data) == 1:
        (models,) = data.values()
        status, parts = _status(models), [Part("Models", (), _models(models), "named", _notes(models))]
    else:
        status, parts = _status_of_all(data), [Part("Models", (), _overview(data), "named overview", OVERVIEW_NOTES)]
        for number, (name, models) in enumerate(data.items()):
            notes = _notes(models) if number == 0 else ()  # they are the same below each
            parts.append(Part(name, (_status(models),), _models(models), "named", notes))
    if _several_seeds(compared):
        parts.append(Part(SEED_BY_SEED, (), pages.Table(*_seed_by_seed(data)), "named"))
    parts.append(Part("Configuration", (), _configuration(configs), "words"))
    return comparison_page.page(" and ".join(data), status, parts)


def _by_data(compared: Iterable[Compared]) -> dict[str, list[Compared]]:
    return {name: list(models) for name, models in groupby(compared, lambda model: model.data)}


def _several_seeds(models: Iterable[Compared]) -> bool:
    """Tells whether models were trained with several seeds."""
    return any(len(model.seeds) > 1 for model in models)


# On a data set

ACCURACY_NOTE = "Where the lines of two models overlap, the test on the same documents can still tell them apart."
CORRECTED = "with Holm's correction for the number of models and data sets"
NOTES = (
    "Against the best: how many test documents the best model alone gets right, and how many this one alone. Chance: "
    "how often it makes such a difference between two models that are equally good (McNemar's exact test, "
    f"{CORRECTED}). Below {percent(REAL)} it is taken for real.",
    f"Line and dot: the 95 % interval of the test accuracy, and the accuracy. {ACCURACY_NOTE}",
)
SEED_NOTES = (
    "A seed decides a network's first weights, its dropout and the order of its documents, not which documents it is "
    "tested on. Classical models have none and are trained once. All other figures of a network are means over its "
    "seeds; ± is the standard deviation from seed to seed.",
    "Against the best: how many of a hundred test documents the best model gets right more than this one, with the "
    "95 % interval. Chance: how often it makes such a difference between two models that are equally good, by the "
    "documents that happen to be in the test and by the seeds (a t test with the variances of both, "
    f"{CORRECTED}). Below {percent(REAL)} it is taken for real. Two seeds say little of how much a seed does.",
    "Line and dot: the 95 % interval of the test accuracy, with other documents and other seeds, and the accuracy. "
    + ACCURACY_NOTE,
)


def _notes(models: Sequence[Compared]) -> Sequence[str]:
    return SEED_NOTES if _several_seeds(models) else NOTES


def _status(models: Sequence[Compared]) -> str:
    best, *others = models
    if not best.quality:
        return "Without test documents, no model is better than another."
    if not others:
        return f"{best.model} alone"
    equal = [other.model for other in others if not other.worse]
    if not equal:
        return f"{best.model} is better than all others"
    return f"{best.model} is first; it is not surely better than {', '.join(equal)}"


def _table(models: Sequence[Compared], title: str | None) -> Table:
    head = ("model", "test accuracy", "macro-F1", "against the best", "seconds", "documents/s", "model, MB")
    table = Table(*head, title=title, title_justify="left")
    _aligned(table)
    for row in models:
        quality = _accuracy(row) or percent(None), percent(row.quality.macro_f1 if row.quality else None)
        figures = _rounded(row.seconds), _rounded(row.documents_per_second, 0), _megabytes(row) or "–"
        table.add_row(row.model, *quality, _verdict(row.against_best), *figures)
    return table


def _models(models: Sequence[Compared]) -> pages.Table:
    scale = Scale.of(model.interval for model in models if model.interval)
    rows = []
    for number, row in enumerate(models):
        macro_f1 = within = None
        if row.quality and row.interval:
            macro_f1 = formats.percent(row.quality.macro_f1)
            within = scale.drawn(row.quality.accuracy, *row.interval)
        against = ("the best", None) if number == 0 and row.quality else _told(row.against_best)
        figures = formats.duration(row.seconds), formats.number(row.documents_per_second), _megabytes(row)
        rows.append((row.model, _accuracy(row), within, macro_f1, *against, *figures))
    head = ("Model", "Test accuracy", "95 % interval", "Macro-F1", "Against the best", "Chance")
    return pages.Table((*head, "Training", "Documents/s", "Model, MB"), rows)


def _aligned(table: Table) -> None:
    """Has figures end below each other, and models keep their names however narrow the terminal is."""
    table.columns[0].no_wrap = True
    for column in table.columns[1:]:
        column.justify = "right"


def _accuracy(row: Compared) -> str | None:
    """The accuracy of a model, with its deviation from seed to seed."""
    if row.quality is None:
        return None
    spread = "" if row.deviation is None else f" ± {100 * row.deviation:.2f}"
    return percent(row.quality.accuracy) + spread


def _megabytes(row: Compared) -> str | None:
    return None if row.size is None else _rounded(row.size / 1e6)


def _rounded(value: float | None, digits: int = 1) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"


def _verdict(test: Paired | OverSeeds | None) -> str:
    if test is None:
        return "–"
    if not test.real:
        return "not surely worse"
    return "worse" if test.lead > 0 else "better"


def _told(test: Paired | OverSeeds | None) -> tuple[str | None, str | None]:
    if test is None:
        return None, None
    if isinstance(test, Paired):
        found = f"{test.first:,} : {test.second:,}"
    else:
        lead, low, high = (f"{100 * share:.2f}".replace("-", "−") for share in (test.lead, test.low, test.high))
        found = f"{lead} ({low} to {high})"
    return f"{_verdict(test)}, {found}", chance(test.p)


# With several seeds

SEED_BY_SEED = "Test accuracy with each seed"


def _seed_by_seed(data: Mapping[str, Sequence[Compared]]) -> tuple[list[str], list[list[str]]]:
    """Returns head and rows of a table of the models that have seeds."""
    found = [row for rows in data.values() for row in rows if len(row.seeds) > 1]
    head = ["Model", *(f"Seed {run.seed}" for run in found[0].seeds)]
    names = (row.model if len(data) == 1 else f"{row.model}, {row.data}" for row in found)
    accuracies = ([percent(run.quality.accuracy if run.quality else None) for run in row.seeds] for row in found)
    return head, [[name, *of_seeds] for name, of_seeds in zip(names, accuracies, strict=True)]


# On several data sets

OVERVIEW_NOTES = (
    "Of each data set the test accuracy, with its 95 % interval as a line; ± is the standard deviation from seed to "
    "seed. Worse: surely worse than the best model on that data set, by a test on the same documents, below. Models "
    "are ordered by their mean over the data sets, in which each counts the same.",
)


def _order(data: Mapping[str, Sequence[Compared]]) -> list[tuple[str, float | None, dict[str, Compared]]]:
    """The models, each with its mean accuracy over the data sets, and what it is on each; the best first."""
    found = []
    for name in (model.model for model in next(iter(data.values()))):
        rows = {of_data: row for of_data, rows in data.items() for row in rows if row.model == name}
        accuracies = [row.quality.accuracy for row in rows.values() if row.quality]
        found.append((name, mean(accuracies) if len(accuracies) == len(data) else None, rows))
    return sorted(found, key=lambda model: model[1] or 0.0, reverse=True)


def _among_best(rows: Mapping[str, Compared]) -> int:
    """On how many data sets a model is the best, or not surely worse."""
    return sum(row.quality is not None and not row.worse for row in rows.values())


def _cell(row: Compared) -> str | None:
    accuracy = _accuracy(row)
    return f"{accuracy}, worse" if row.worse else accuracy


def _overview_table(data: Mapping[str, Sequence[Compared]]) -> Table:
    table = Table("model", *data, "mean", "among the best on")
    _aligned(table)
    for name, accuracy, rows in _order(data):
        cells = (_cell(rows[of_data]) or percent(None) for of_data in data)
        table.add_row(name, *cells, percent(accuracy), f"{_among_best(rows)} of {len(data)}")
    return table


def _overview(data: Mapping[str, Sequence[Compared]]) -> pages.Table:
    scales = {name: Scale.of(row.interval for row in rows if row.interval) for name, rows in data.items()}
    rows = []
    for name, accuracy, of_data in _order(data):
        cells = [_drawn(of_data[each], scale) for each, scale in scales.items()]
        rows.append((name, *cells, formats.percent(accuracy), f"{_among_best(of_data)} of {len(data)}"))
    return pages.Table(("Model", *data, "Mean", "Among the best on"), rows)


def _drawn(row: Compared, scale: Scale) -> pages.Whisker | None:
    if row.quality is None or row.interval is None:
        return None
    return replace(scale.drawn(row.quality.accuracy, *row.interval), text=_cell(row) or "")


def _status_of_all(data: Mapping[str, Sequence[Compared]]) -> str:
    if not any(rows[0].quality for rows in data.values()):
        return "Without test documents, no model is better than another."
    everywhere = [name for name, _, rows in _order(data) if _among_best(rows) == len(data)]
    if not everywhere:
        return "No model is among the best on every data set"
    return f"Among the best on every data set: {', '.join(everywhere)}"


def _configuration(configs: Sequence[Mapping[str, Any]]) -> pages.Table:
    if len(configs) == 1:
        return pages.settings_table(configs[0])
    values = [dict(pages.flat(config)) for config in configs]
    keys = dict.fromkeys(key for of_data in values for key in of_data)
    rows = [(key, *(pages.text(of_data.get(key)) for of_data in values)) for key in keys]
    return pages.Table(("Key", *(str(config["name"]) for config in configs)), rows)

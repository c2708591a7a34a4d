"""Trains several models on the same input, a run of each, and puts them side by side."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import get_args

from rich.console import Console
from rich.table import Table

import storage
from cluster.spark_submit import Launch
from run import folder
from run.baselines import BASELINES
from run.config import Kind
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


def compare(models: Sequence[str], launch: Launch, baselines: Path, run: Run, console: Console) -> int:
    """Runs each network by itself, the mixture, and all baselines in one run; prints a table, best model first.

    Args:
        models: of `MODELS`.
        launch: the run of the mixture, with the folder of the comparison.
        baselines: the driver's script for them.
        run: runs a launch.
        console: for the table.

    Returns:
        The exit status of the first run that fails, or 0.
    """
    compared: list[Compared] = []
    for model in (name for name in models if name not in BASELINES):
        changes = [] if model == "mixture" else [f"model.networks={json.dumps([model])}"]
        out = storage.join(launch.out, model)
        if status := run(replace(launch, changes=[*launch.changes, *changes], out=out)):
            return status
        result = _result(out)
        alone = result.members.get(model.replace("_", " "), result.test)
        size = storage.folder_size(result.model) if result.model else None
        compared.append(Compared(model, alone, result.seconds.train, size, result.documents_per_second))
    if classical := [name for name in models if name in BASELINES]:
        out = storage.join(launch.out, ALL_BASELINES)
        if status := run(replace(launch, script=baselines, out=out, options=["--models", *classical])):
            return status
        result = _result(out)
        compared += [Compared(name, result.members.get(name), result.model_seconds[name]) for name in classical]
    compared.sort(key=lambda c: c.quality.accuracy if c.quality else 0.0, reverse=True)
    storage.write(storage.join(launch.out, COMPARISON), json.dumps([asdict(c) for c in compared], indent=2).encode())
    console.print(_table(compared))
    return 0


def _result(out: str) -> Result:
    return Result.from_json(storage.read(storage.join(storage.absolute(out), folder.RESULT)))


def _table(compared: Sequence[Compared]) -> Table:
    table = Table("model", "test accuracy", "macro-F1", "seconds", "documents/s", "model, MB")
    for column in table.columns[1:]:
        column.justify = "right"
    for row in compared:
        accuracy, macro_f1 = (row.quality.accuracy, row.quality.macro_f1) if row.quality else (None, None)
        megabytes = None if row.size is None else row.size / 1e6
        figures = _rounded(row.seconds), _rounded(row.documents_per_second, 0), _rounded(megabytes)
        table.add_row(row.model, percent(accuracy), percent(macro_f1), *figures)
    return table


def _rounded(value: float | None, digits: int = 1) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"

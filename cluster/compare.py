"""Trains several models on the same input, for each data set and each seed, and puts them side by side."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, get_args

from rich.console import Console

import storage
from cluster import models_page
from cluster.compared import Once, Training, side_by_side
from cluster.comparison_page import PAGE
from cluster.paired import Answers
from cluster.spark_submit import Launch
from run import folder, settings
from run.baselines import BASELINES
from run.config import Kind, RunConfig
from run.errors import SettingsError
from run.result import Result

NETWORKS: tuple[Kind, ...] = get_args(Kind)
DEFAULT = ("mixture", "ml_naive_bayes", "ml_logistic_regression")
ALL_BASELINES = "spark_ml"
COMPARISON = "comparison.json"

Run = Callable[[Launch], int]
"""Runs a launch to its end; returns its exit status."""


@dataclass(frozen=True)
class Planned:
    """A run of a comparison."""

    launch: Launch
    models: Sequence[str]
    """Those that it trains."""
    seed: int | None = None
    """None of classical models."""

    @property
    def data(self) -> str:
        """The name of its data set."""
        return self.launch.name

    def trained(self) -> Iterator[tuple[str, Training]]:
        """Yields what it has left in its folder, of each model."""
        out = storage.absolute(self.launch.out)
        result = Result.from_json(storage.read(storage.join(out, folder.RESULT)))
        answers = Answers.of(out)
        for model in self.models:
            if self.seed is None:
                yield (
                    model,
                    Training(Once(None, result.members.get(model), result.model_seconds[model]), answers, model),
                )
            else:
                yield model, _network(model, self.seed, result, answers)


def _network(model: str, seed: int, result: Result, answers: Answers | None) -> Training:
    """A network, or the mixture."""
    alone = model.replace("_", " ")
    name = alone if alone in result.members else folder.MODEL
    quality = result.members.get(alone, result.test)
    size = storage.folder_size(result.model) if result.model else None
    return Training(Once(seed, quality, result.seconds.train, size, result.documents_per_second), answers, name)


def planned(models: Sequence[str], launches: Sequence[Launch], seeds: Sequence[int], baselines: Path) -> list[Planned]:
    """Returns the runs of a comparison, data set by data set: each network alone and the mixture, with each seed.

    All classical models are one run, which no seed changes.

    Args:
        models: of `MODELS`.
        launches: the run of the mixture on each data set, with the folder of the comparison.
        seeds: those of each model; none for the run file's own.
        baselines: the driver's script for the classical models.

    Raises:
        SettingsError: a run file cannot be used, or two have the same name.
    """
    names = [launch.name for launch in launches]
    if len(set(names)) < len(names):
        raise SettingsError(
            f"Data sets, and their folders, are told apart by their run files' names. Received: {', '.join(names)}.",
            'Give each run file a name of its own: name = "…".',
        )
    found = []
    for launch in launches:
        of_data = replace(launch, out=launch.out if len(launches) == 1 else storage.join(launch.out, launch.name))
        for model in (name for name in models if name not in BASELINES):
            found += [_of_network(model, of_data, seed) for seed in seeds or (None,)]
        if classical := [name for name in models if name in BASELINES]:
            out = storage.join(of_data.out, ALL_BASELINES)
            options = ["--models", *classical]
            found.append(Planned(replace(of_data, script=baselines, out=out, options=options), classical))
    return found


def _of_network(model: str, launch: Launch, seed: int | None) -> Planned:
    changes = list(launch.changes)
    out = storage.join(launch.out, model if seed is None else f"{model}-seed-{seed}")
    if model != "mixture":
        changes.append(f"model.networks={json.dumps([model])}")
    if seed is not None:
        changes.append(f"train.seed={seed}")
    changed = replace(launch, changes=changes, out=out)
    return Planned(changed, [model], _config(changed).train.seed)


def _config(launch: Launch) -> RunConfig:
    assert launch.run_file is not None
    return settings.read(RunConfig, launch.run_file, launch.changes)


def compare(
    models: Sequence[str], launches: Sequence[Launch], seeds: Sequence[int], baselines: Path, run: Run, console: Console
) -> int:
    """Makes the runs of a comparison (`planned`), one after the other; prints tables, best model first.

    The folder of the comparison has the same for programs, and as a page.

    Args:
        models: of `MODELS`.
        launches: the run of the mixture on each data set, with the folder of the comparison.
        seeds: those of each model; none for the run file's own.
        baselines: the driver's script for the classical models.
        run: runs a launch.
        console: for the tables.

    Returns:
        The exit status of the first run that fails, or 0.

    Raises:
        SettingsError: a run file cannot be used, or two have the same name.
    """
    runs = planned(models, launches, seeds, baselines)
    for number, each in enumerate(runs, 1):
        console.print(f"run {number} of {len(runs)}: {each.launch.out}", soft_wrap=True, markup=False, highlight=False)
        if status := run(each.launch):
            return status
    data: dict[str, dict[str, list[Training]]] = {}
    for each in runs:
        for model, training in each.trained():
            data.setdefault(each.data, {}).setdefault(model, []).append(training)
    compared = side_by_side(data)
    out = launches[0].out
    page = storage.join(out, PAGE)
    storage.write(storage.join(out, COMPARISON), json.dumps([asdict(c) for c in compared], indent=2).encode())
    storage.write(page, models_page.html([_settings(launch, seeds) for launch in launches], compared).encode())
    for table in models_page.tables(compared):
        console.print(table)
    console.print(f"page: {page}", soft_wrap=True, markup=False, highlight=False)
    return 0


def _settings(launch: Launch, seeds: Sequence[int]) -> dict[str, Any]:
    """The resolved run file of a data set, with all seeds."""
    values = settings.to_json(_config(launch))
    if seeds:
        values["train"]["seed"] = list(seeds)
    return values

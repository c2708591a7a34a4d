"""The report of a run: one HTML page that needs no script, no network and no other file.

The page is the template report.html.j2, which escapes what it is given; here are the values that it shows.
"""

import json
import platform
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from statistics import median
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from spark_driver import tables
from spark_driver.drawings import curves
from spark_driver.formats import duration, number, percent
from spark_driver.tables import Table

PACKAGES = (
    "textcnn-on-spark",
    "tensorflow",
    "tensorflow-cpu",
    "keras",
    "tensorflowonspark",
    "pyspark",
    "numpy",
    "jieba",
    "rjieba",
)

_TEMPLATES = Environment(
    loader=PackageLoader("spark_driver", ""),  # finds the template in a zip too, which is how YARN ships us
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


def html(
    config: Mapping[str, Any],
    metrics: Sequence[Mapping[str, Any]],
    result: Mapping[str, Any],
    labels: Sequence[str],
    confusion: Sequence[Sequence[int]],
) -> str:
    """Returns the report of a run, whether it succeeded or failed; what is not known is left out.

    Args:
        config: the resolved run file; empty if it could not be read.
        metrics: the lines of the run's metrics.
        result: the values of result.json.
        labels: the names of the classes.
        confusion: documents of each true label (rows) and predicted label (columns); empty without a test.
    """
    # After a restart an epoch may have been trained again from a checkpoint: it counts as it was then.
    epochs = list({line["epoch"]: line for line in metrics if line["kind"] == "EpochDone"}.values())
    best = next((line["best_epoch"] for line in metrics if line["kind"] == "Tested"), None)
    return _TEMPLATES.get_template("report.html.j2").render(
        name=str(config.get("name", "textcnn")),
        status=result["status"],
        error=result["error"],
        outcome=_known(_outcome(result, best)),
        model=result["model"],
        documents=_known(_documents(result["rows"])),
        times=_known(_times(result["seconds"])),
        straggler=_straggler(metrics),
        curves=curves(epochs, best),
        epochs=tables.epochs(epochs, best),
        **tables.tested(labels, confusion),
        config=Table(("Key", "Value"), list(_flat(config))),
        versions=Table(("Package", "Version"), list(_versions())),
    )


# Figures


def _known(figures: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in figures.items() if value is not None}


def _outcome(result: Mapping[str, Any], best: int | None) -> dict[str, str | None]:
    """The figures that a reader looks for first."""
    test = result["test"] or {}
    alone = {f"{name} alone": percent(member["accuracy"]) for name, member in result["members"].items()}
    return {
        "Test accuracy": percent(test.get("accuracy")),
        "Test macro-F1": percent(test.get("macro_f1")),
        **alone,
        "Documents/s": number(result["documents_per_second"] or None),
        "Epochs": _trained(result["epochs"], best),
    }


def _straggler(metrics: Sequence[Mapping[str, Any]]) -> str | None:
    """The worker that the others have waited for most often, in the reports that say so."""
    hosts: dict[int, str] = {}
    seen: dict[str, list[float]] = {}
    reports = 0
    for line in metrics:
        if line["kind"] == "Joined":
            hosts[line["worker"]] = line["host"]
        elif line["kind"] == "Progress":
            reports += 1
            if straggler := line.get("straggler"):
                worker = straggler["worker"]
                seen.setdefault(f"worker {worker} on {hosts.get(worker, '?')}", []).append(straggler["times"])
    if not seen:
        return None
    name, times = max(seen.items(), key=lambda item: len(item[1]))
    share = percent(len(times) / reports)
    return f"The others waited for {name}, which took {median(times):.1f} times as long, in {share} of the reports."


def _trained(epochs: int | None, best: int | None) -> str | None:
    if epochs is None:
        return None
    return f"{epochs} (best: {best})" if best else str(epochs)


def _documents(rows: Mapping[str, int | None]) -> dict[str, str | None]:
    names = {
        "read": "Rows read",
        "quarantined": "Quarantined",
        "train": "Training",
        "validation": "Validation",
        "test": "Test",
        "unlabelled": "Unlabelled",
    }
    return {name: number(rows[key]) for key, name in names.items()}


def _times(seconds: Mapping[str, float | None]) -> dict[str, str | None]:
    stages = ("prepare", "feed", "train", "export", "total")
    return {stage.capitalize(): duration(seconds[stage]) for stage in stages}


# Configuration and versions


def _flat(config: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str | None]]:
    """Yields the keys of nested sections, joined by dots, with their values."""
    for key, value in config.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            text = value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            yield f"{prefix}{key}", text


def _versions() -> Iterator[tuple[str, str]]:
    yield "python", platform.python_version()
    for package in PACKAGES:
        try:
            yield package, version(package)
        except PackageNotFoundError:
            continue  # TensorFlow comes as one of two packages

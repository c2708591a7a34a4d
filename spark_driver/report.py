"""The report of a run: one HTML page that needs no script, no network and no other file.

The page is the template report.html.j2, which escapes what it is given; here are the values that it shows.
"""

import dataclasses
import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from statistics import median
from typing import Any

from run import intervals, pages
from run.data_card import DataCard
from run.events import Judged, Mistake
from run.formats import duration, interval, number, percent
from run.metrics import Evaluation
from run.pages import Table
from spark_driver import figures, tables
from spark_driver.drawings import calibration, curves

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

UNKNOWN = "□"
"""In place of a token that the vocabulary does not have."""


@dataclass(frozen=True)
class Run:
    """What is known of a run, whether it succeeded or failed."""

    config: Mapping[str, Any]
    """The resolved run file; empty if it could not be read."""
    metrics: Sequence[Mapping[str, Any]]
    """The lines of the run's metrics."""
    result: Mapping[str, Any]
    """The values of result.json."""
    labels: Sequence[str] = ()
    """The names of the classes."""
    judged: Judged | None = None
    """What the model says of the test documents."""
    card: DataCard | None = None
    """What the documents are."""

    @property
    def name(self) -> str:
        """The run's name."""
        return str(self.config.get("name", "textcnn"))

    @property
    def first_view(self) -> str:
        """The view by whose tokens a document is known."""
        return str(self.config["text"]["views"][0])

    @property
    def epochs(self) -> list[Mapping[str, Any]]:
        """The lines of its epochs. One that was trained again from a checkpoint counts as it was then."""
        return list({line["epoch"]: line for line in self.metrics if line["kind"] == "EpochDone"}.values())

    @property
    def tested(self) -> Mapping[str, Any] | None:
        """The line of its test."""
        return next((line for line in self.metrics if line["kind"] == "Tested"), None)

    @property
    def test(self) -> Evaluation:
        """How it did on the test documents."""
        return Evaluation.of(self.tested["confusion"] if self.tested else [], None)


def values(run: Run) -> dict[str, Any]:
    """Returns what the report shows, for programs; what is not known is None."""
    return {
        "name": run.name,
        **run.result,
        "test": figures.tested(run.test, run.labels, run.judged),
        "history": run.epochs,
        "data": dataclasses.asdict(run.card) if run.card else None,
        "config": run.config,
        "versions": dict(_versions()),
    }


def html(run: Run) -> str:
    """Returns the report's page; what is not known is left out."""
    result, best = run.result, run.tested["best_epoch"] if run.tested else None
    return pages.rendered(
        "spark_driver",
        "report.html.j2",
        name=run.name,
        status=result["status"],
        tone="good" if result["status"] == "succeeded" else "bad",
        error=result["error"],
        outcome=_known(_outcome(run, best)),
        known=_known_of(run.test, run.labels) if run.test.rows else None,
        model=result["model"],
        data=_data(run.card) if run.card else None,
        documents=_known(_documents(result["rows"])),
        prepared=result["prepared"] if result["model"] else None,  # `textcnn prepare` trains no model
        times=_known(_times(result["seconds"])),
        straggler=_straggler(run.metrics),
        curves=curves(run.epochs, best),
        epochs=tables.epochs(run.epochs, best),
        **tables.tested(run.labels, run.test),
        sureness=_sureness(run.judged) if run.judged and run.test.rows else None,
        mistaken=[_mistake(mistake) for mistake in run.judged.mistakes] if run.judged else [],
        config=pages.settings_table(run.config),
        versions=Table(("Package", "Version"), list(_versions())),
    )


# Figures


def _known(figures: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in figures.items() if value is not None}


def _outcome(run: Run, best: int | None) -> dict[str, str | None]:
    """The figures that a reader looks for first."""
    result, test = run.result, run.result["test"] or {}
    alone = {f"{name} alone": percent(member["accuracy"]) for name, member in result["members"].items()}
    return {
        "Test accuracy": percent(test.get("accuracy")),
        "Test macro-F1": percent(test.get("macro_f1")),
        **alone,
        "Documents/s": number(result["documents_per_second"] or None),
        "Epochs": _trained(result["epochs"], best),
    }


def _known_of(test: Evaluation, labels: Sequence[str]) -> str:
    """How sure the accuracy is, and what it is to be compared with."""
    label, share = figures.most_frequent(test, labels)
    within = interval(*intervals.of_accuracy(test))
    return f"95 % interval of the test accuracy: {within}. Always to answer {label} is right in {percent(share)}."


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
    stages = ("prepare", "card", "feed", "train", "export", "total")
    return {stage.capitalize(): duration(seconds[stage]) for stage in stages}


# Data and test documents


def _data(card: DataCard) -> dict[str, Any]:
    """What the documents are, and what is to be thought about."""
    repeats, train = card.repeats, card.lengths.get("train")
    shown = {
        "Median words": number(train.median) if train else None,
        "95 % have at most": number(train.most) if train else None,
        "Longest": number(train.longest) if train else None,
        "Cut off": percent(train.cut) if train else None,
        "Different": number(repeats.different),
        "Repeated": number(repeats.repeated),
        "With another label": number(repeats.contradicting),
        "Test in training": number(repeats.seen["test"]),
        "Unknown words": percent(next(iter(card.unknown.values())).get("test")),
    }
    return {
        "warnings": card.warnings,
        "figures": _known(shown),
        "classes": tables.data_classes(card.classes),
        "contradictions": [(" / ".join(example.labels), example.words) for example in repeats.examples],
    }


def _sureness(judged: Judged) -> dict[str, Any]:
    """How sure the model is, and how rightly."""
    shares = {f"Right in the first {k}": percent(share) for k, share in figures.top(judged.places).items()}
    error = percent(figures.calibration_error(judged.bins))
    return {"figures": {"Calibration error": error} | shares, "drawing": calibration(judged.bins)}


def _mistake(mistake: Mistake) -> dict[str, Any]:
    """A mistake with the shade of each of its words: how much it speaks for the predicted label, or against it."""
    largest = max(map(abs, mistake.contributions), default=0.0) or 1.0
    tokens = zip(mistake.tokens, mistake.contributions, strict=True)
    words = [(token or UNKNOWN, f"{abs(added) / largest:.3f}", added > 0) for token, added in tokens]
    return {
        "label": mistake.label,
        "predicted": mistake.predicted,
        "confidence": percent(mistake.confidence),
        "words": words,
    }


# Configuration and versions


def _versions() -> Iterator[tuple[str, str]]:
    yield "python", platform.python_version()
    for package in PACKAGES:
        try:
            yield package, version(package)
        except PackageNotFoundError:
            continue  # TensorFlow comes as one of two packages

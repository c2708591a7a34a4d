"""Puts two runs side by side: what was changed in settings and data, and which differences in the results are real."""

import dataclasses
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

import storage
from cluster.errors import ComparisonError
from run import folder
from run.config import View
from run.intervals import mcnemar
from run.terminal import percent
from storage import StorageError

REAL = 0.05
"""A difference that chance makes less often than this is taken for real."""

LEAST = 1e-4
"""What is less likely is not told more exactly."""

Change = tuple[str, Any, Any]
"""A key, its value in the first run and in the second; None where there is none."""


@dataclass(frozen=True)
class Paired:
    """Test documents on which two runs differ."""

    name: str
    """The class that they are of, or all."""
    documents: int
    first: int
    """Those that the first run alone gets right."""
    second: int
    p: float
    """How often chance alone makes such a difference (McNemar); of classes with Holm's correction for their number."""

    @property
    def real(self) -> bool:
        """Whether one run is better."""
        return self.p < REAL


@dataclass(frozen=True)
class Comparison:
    """Two runs side by side."""

    runs: tuple[str, str]
    config: tuple[Change, ...]
    versions: tuple[Change, ...]
    data: tuple[Change, ...]
    results: tuple[Change, ...]
    f1: tuple[Change, ...]
    """Of each class, with its interval."""
    unpaired: str | None
    """Why the test documents cannot be paired; None if they are."""
    test: Paired | None = None
    """Of all test documents, or of those that each run has kept."""
    by_class: tuple[Paired, ...] = ()

    def to_json(self) -> str:
        """Returns it as a JSON object."""
        return json.dumps(dataclasses.asdict(self), ensure_ascii=False, indent=2)


@dataclass(frozen=True)
class _Run:
    """What a run has left in its folder."""

    uri: str
    report: Mapping[str, Any]
    test: Mapping[str, Any] | None

    @classmethod
    def of(cls, uri: str) -> "_Run":
        try:
            report = json.loads(storage.read(storage.join(uri, folder.REPORT_VALUES)))
        except StorageError as error:
            raise ComparisonError(
                f"{uri} has no {folder.REPORT_VALUES}: {error}", "Give the folders of two runs that have ended."
            ) from error
        test = storage.join(uri, folder.TEST)
        return cls(uri, report, json.loads(storage.read(test)) if storage.exists(test) else None)

    @property
    def tested(self) -> Mapping[str, Any]:
        tested: Mapping[str, Any] = self.report["test"] or {}
        return tested

    @property
    def classes(self) -> dict[str, Mapping[str, Any]]:
        """The figures of each class, by its label."""
        return {of_class["label"]: of_class for of_class in self.tested.get("classes", ())}

    def vocabulary(self, view: View) -> bytes:
        return storage.read(storage.join(self.uri, folder.vocabulary(view)))


def compare(first: str, second: str) -> Comparison:
    """Compares two runs by what lies in their folders.

    Args:
        first: the folder of a run, local or on HDFS.
        second: that of another.

    Raises:
        ComparisonError: a folder is not that of a run that has ended.
    """
    a, b = _Run.of(storage.absolute(first)), _Run.of(storage.absolute(second))
    unpaired = _unpaired(a, b)
    pairs = [] if unpaired else _pairs(a, b)
    of_classes = [_paired(label, [pair for pair in pairs if pair.label == label]) for label in a.classes]
    return Comparison(
        runs=(first, second),
        config=_changes(a.report["config"], b.report["config"]),
        versions=_changes(a.report["versions"], b.report["versions"]),
        data=_changes(_of_data(a), _of_data(b)),
        results=tuple((name, value(a), value(b)) for name, value in RESULTS.items()),
        f1=tuple((label, _f1(a, label), _f1(b, label)) for label in dict.fromkeys([*a.classes, *b.classes])),
        unpaired=unpaired,
        test=None if unpaired else _paired("all", pairs),
        by_class=() if unpaired else tuple(_corrected(of_classes)),
    )


RESULTS: Mapping[str, Callable[[_Run], Any]] = {
    "test accuracy": lambda run: run.tested.get("accuracy"),
    "macro-F1": lambda run: run.tested.get("macro_f1"),
    "test documents": lambda run: run.tested.get("rows"),
    "epochs": lambda run: run.report["epochs"],
    "documents/s in training": lambda run: run.report["documents_per_second"],
    "seconds of training": lambda run: run.report["seconds"]["train"],
    "seconds in all": lambda run: run.report["seconds"]["total"],
}


def _f1(run: _Run, label: str) -> Any:
    of_class = run.classes.get(label)
    return of_class and of_class["f1"]


# What was changed


def _of_data(run: _Run) -> dict[str, Any]:
    """What the documents are, without what follows from it."""
    card = dict(run.report["data"] or {})
    card["labels"] = [of_class["label"] for of_class in card.pop("classes", ())]
    card.pop("warnings", None)
    rejected: Mapping[str, int] = run.report["rejected"]
    return {"read": run.report["rows"]["read"], "rejected": rejected, **card}


def _changes(first: Mapping[str, Any], second: Mapping[str, Any]) -> tuple[Change, ...]:
    a, b = dict(_flat(first)), dict(_flat(second))
    return tuple((key, a.get(key), b.get(key)) for key in dict.fromkeys([*a, *b]) if a.get(key) != b.get(key))


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


# The same documents


@dataclass(frozen=True)
class _Pair:
    """A test document of both runs."""

    label: str
    first: bool
    """Whether the first run gets it right."""
    second: bool


def _unpaired(a: _Run, b: _Run) -> str | None:
    """Says why it cannot be told that the test documents are the same."""
    if a.test is None or b.test is None:
        return f"{(a if a.test is None else b).uri} has no {folder.TEST}"
    if list(a.classes) != list(b.classes):
        return "the labels are not the same"
    if a.test["view"] != b.test["view"] or a.vocabulary(a.test["view"]) != b.vocabulary(b.test["view"]):
        return "the tokens are not the same: settings of text or training documents differ"
    if [document[:2] for document in a.test["documents"]] != [document[:2] for document in b.test["documents"]]:
        return "the test documents are not the same"
    return None


def _pairs(a: _Run, b: _Run) -> list[_Pair]:
    assert a.test is not None
    assert b.test is not None
    labels = list(a.classes)
    both = zip(a.test["documents"], b.test["documents"], strict=True)
    # A document and its copies get the same answers: they are one observation.
    different = dict.fromkeys((*of_a, of_b[2]) for of_a, of_b in both)
    return [_Pair(labels[label], of_a == label, of_b == label) for _, label, of_a, of_b in different]


def _paired(name: str, pairs: Sequence[_Pair]) -> Paired:
    first = sum(pair.first and not pair.second for pair in pairs)
    second = sum(pair.second and not pair.first for pair in pairs)
    return Paired(name, len(pairs), first, second, mcnemar(first, second))


def _corrected(of_classes: Sequence[Paired]) -> Iterator[Paired]:
    """Yields them with larger p: of twenty classes, one differs by chance.

    Source: S. Holm, A Simple Sequentially Rejective Multiple Test Procedure, Scandinavian Journal of Statistics, 1979.
    """
    corrected: dict[str, float] = {}
    largest = 0.0
    for place, paired in enumerate(sorted(of_classes, key=lambda paired: paired.p)):
        largest = max(largest, min(1.0, paired.p * (len(of_classes) - place)))
        corrected[paired.name] = largest
    for paired in of_classes:
        yield dataclasses.replace(paired, p=corrected[paired.name])


# For a person


def show(compared: Comparison, console: Console) -> None:
    """Prints what was changed, the results, and what of their difference is real."""
    for title, changes in (("settings", compared.config), ("data", compared.data), ("versions", compared.versions)):
        if changes:
            console.print(_table(f"{title} that differ", compared.runs, changes))
        else:
            console.print(f"{title}: the same")
    console.print(_table("results", compared.runs, compared.results))
    if compared.f1:
        console.print(_table("F1 (95 % interval)", compared.runs, compared.f1))
    if compared.unpaired:
        console.print(f"Not tested document by document: {compared.unpaired}.", soft_wrap=True)
    elif compared.test:
        console.print("\n".join(_said(compared, compared.test)), soft_wrap=True, markup=False, highlight=False)


def _said(compared: Comparison, test: Paired) -> Iterator[str]:
    """What the test on the same documents has found."""
    first, second = compared.runs
    yield (
        f"Of {test.documents:,} different test documents, {first} alone is right in {test.first:,}, {second} alone in "
        f"{test.second:,}: chance makes such a difference in {_chance(test.p)} of cases."
    )
    yield f"{second if test.second > test.first else first} is better." if test.real else "Neither is better."
    for paired in compared.by_class:
        if paired.real:
            better = second if paired.second > paired.first else first
            yield (
                f"Of the documents of {paired.name}, {better} finds more: {paired.first:,} and {paired.second:,} alone "
                f"of {paired.documents:,}, {_chance(paired.p)}."
            )


def _chance(p: float) -> str:
    return percent(p) if p >= LEAST else f"less than {percent(LEAST)}"


def _table(title: str, runs: tuple[str, str], rows: Sequence[Change]) -> Table:
    table = Table("", *runs, title=title, title_justify="left")
    for name, *values in rows:
        table.add_row(name, *map(_shown, values))
    return table


def _shown(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, Mapping):
        return f"{percent(value['value'])} ({percent(value['low'])} – {percent(value['high'])})"
    if isinstance(value, float):
        return f"{value:,.4g}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

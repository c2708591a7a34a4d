"""Puts two runs side by side: what was changed in settings and data, and which differences in the results are real."""

import dataclasses
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

import storage
from cluster import comparison_page
from cluster.comparison_page import PAGE, Part, Scale
from cluster.errors import ComparisonError
from cluster.paired import REAL, Answers, Paired, chance, corrected, paired, pairs
from run import folder, formats, pages
from run.config import View
from run.pages import Whisker
from run.terminal import percent
from storage import StorageError

Change = tuple[str, Any, Any]
"""A key, its value in the first run and in the second; None where there is none."""


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
    answers: Answers | None

    @classmethod
    def of(cls, uri: str) -> "_Run":
        try:
            report = json.loads(storage.read(storage.join(uri, folder.REPORT_VALUES)))
        except StorageError as error:
            raise ComparisonError(
                f"{uri} has no {folder.REPORT_VALUES}: {error}", "Give the folders of two runs that have ended."
            ) from error
        return cls(uri, report, Answers.of(uri))

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
    unpaired, test, by_class = _tested(a, b)
    return Comparison(
        runs=(first, second),
        config=_changes(a.report["config"], b.report["config"]),
        versions=_changes(a.report["versions"], b.report["versions"]),
        data=_changes(_of_data(a), _of_data(b)),
        results=tuple((name, value(a), value(b)) for name, value in RESULTS.items()),
        f1=tuple((label, _f1(a, label), _f1(b, label)) for label in dict.fromkeys([*a.classes, *b.classes])),
        unpaired=unpaired,
        test=test,
        by_class=by_class,
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
    a, b = dict(pages.flat(first)), dict(pages.flat(second))
    return tuple((key, a.get(key), b.get(key)) for key in dict.fromkeys([*a, *b]) if a.get(key) != b.get(key))


# The same documents


def _tested(a: _Run, b: _Run) -> tuple[str | None, Paired | None, tuple[Paired, ...]]:
    """Returns why the test documents cannot be paired, or what the test says of all and of each class."""
    if a.answers is None or b.answers is None:
        return f"{(a if a.answers is None else b).uri} has no {folder.TEST}", None, ()
    if unpaired := _unpaired(a, a.answers, b, b.answers):
        return unpaired, None, ()
    found = pairs(a.answers.by(folder.MODEL), b.answers.by(folder.MODEL))
    of_classes = [
        paired(label, [pair for pair in found if pair.label == number]) for number, label in enumerate(a.classes)
    ]
    return None, paired("all", found), tuple(corrected(of_classes))


def _unpaired(a: _Run, of_a: Answers, b: _Run, of_b: Answers) -> str | None:
    """Says why it cannot be told that the test documents are the same."""
    for run, answers in ((a, of_a), (b, of_b)):
        if folder.MODEL not in answers.models:
            return f"{run.uri} has published no model"
    if list(a.classes) != list(b.classes):
        return "the labels are not the same"
    if of_a.view != of_b.view or a.vocabulary(of_a.view) != b.vocabulary(of_b.view):
        return "the tokens are not the same: settings of text or training documents differ"
    return None if of_a.same_documents(of_b) else "the test documents are not the same"


# For a person


def write(compared: Comparison, target: str) -> str:
    """Writes the page of a comparison into a folder, which is made; returns where it is.

    Raises:
        StorageError: it cannot be written.
    """
    page = storage.join(storage.absolute(target), PAGE)
    storage.make_folder(storage.parent(page))
    storage.write(page, html(compared).encode())
    return page


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
        f"{test.second:,}: chance makes such a difference in {chance(test.p)} of cases."
    )
    yield f"{second if test.second > test.first else first} is better." if test.real else "Neither is better."
    for of_class in compared.by_class:
        if of_class.real:
            better = second if of_class.second > of_class.first else first
            yield (
                f"Of the documents of {of_class.name}, {better} finds more: {of_class.first:,} and "
                f"{of_class.second:,} alone of {of_class.documents:,}, {chance(of_class.p)}."
            )


def _table(title: str, runs: tuple[str, str], rows: Sequence[Change]) -> Table:
    table = Table("", *runs, title=title, title_justify="left")
    for name, *values in rows:
        table.add_row(*map(escape, (name, *map(_shown, values))))
    return table


def _shown(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, Mapping):
        return f"{percent(value['value'])} ({percent(value['low'])} – {percent(value['high'])})"
    return f"{value:,.4g}" if isinstance(value, float) else pages.text(value) or "–"


def html(compared: Comparison) -> str:
    """Returns the page of a comparison."""
    first, second = compared.runs
    if compared.test:
        told, status, *_ = _said(compared, compared.test)
    else:
        told, status = f"Not tested document by document: {compared.unpaired}.", "Not tested document by document"
    changed = (("Settings", compared.config), ("Data", compared.data), ("Versions", compared.versions))
    return comparison_page.page(
        f"{first} and {second}",
        status,
        (
            Part("Results", (told,), _results(compared), "named", NOTES),
            *([Part("Classes", (), _classes(compared), "named", CLASS_NOTES)] if compared.f1 else []),
            *(_changed(title, changes) for title, changes in changed),
        ),
    )


NOTES = (
    "A document and its copies are one. A difference that chance makes in fewer than "
    f"{percent(REAL)} of cases between two models that are equally good is taken for real (McNemar's exact test).",
)
CLASS_NOTES = (
    "Alone: test documents of the class that one run alone gets right; chance: how often it "
    "makes such a difference, with Holm's correction for the number of classes.",
)


COLUMNS: Mapping[str, tuple[str, Callable[[float | None], str | None]]] = {
    "macro-F1": ("Macro-F1", formats.percent),
    "test documents": ("Documents", formats.number),
    "epochs": ("Epochs", formats.number),
    "documents/s in training": ("Documents/s", formats.number),
    "seconds of training": ("Training", formats.duration),
    "seconds in all": ("In all", formats.duration),
}
"""How the page has the results that are no shares with an interval."""


def _results(compared: Comparison) -> pages.Table:
    """A row for each run."""
    results = {name: values for name, *values in compared.results}
    accuracies = results["test accuracy"]
    scale = Scale.of((share["low"], share["high"]) for share in accuracies if share)
    rows = []
    for number, (letter, run, accuracy) in enumerate(zip("AB", compared.runs, accuracies, strict=True)):
        others = (shown(results[name][number]) for name, (_, shown) in COLUMNS.items())
        rows.append((f"{letter}: {run}", *_share(accuracy, scale), *others))
    heads = (head for head, _ in COLUMNS.values())
    return pages.Table(("Run", "Test accuracy", "95 % interval", *heads), rows)


def _classes(compared: Comparison) -> pages.Table:
    tests = {test.name: test for test in compared.by_class}
    scale = Scale.of((share["low"], share["high"]) for _, *shares in compared.f1 for share in shares if share)
    rows = []
    for label, first, second in compared.f1:
        test = tests.get(label)
        alone = (f"{test.first:,}", f"{test.second:,}", chance(test.p)) if test else (None, None, None)
        rows.append((label, *_share(first, scale), *_share(second, scale), *alone, _better(test)))
    head = ("Label", "F1 of A", "95 % interval", "F1 of B", "95 % interval", "A alone", "B alone", "Chance", "Better")
    return pages.Table(head, rows)


def _better(test: Paired | None) -> str | None:
    if test is None:
        return None
    return ("A" if test.first > test.second else "B") if test.real else "neither"


def _share(share: Mapping[str, float] | None, scale: Scale) -> tuple[str | None, Whisker | None]:
    """A share, and its interval."""
    if share is None:
        return None, None
    return formats.percent(share["value"]), scale.drawn(share["value"], share["low"], share["high"])


def _changed(title: str, changes: Sequence[Change]) -> Part:
    if not changes:
        return Part(title, ("The same.",))
    rows = [(name, _shown(first), _shown(second)) for name, first, second in changes]
    return Part(f"{title} that differ", (), pages.Table(("Key", "A", "B"), rows), "words")

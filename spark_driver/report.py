"""The report of a run: one HTML page that needs no script, no network and no file beside it."""

import io
import json
import platform
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from importlib.metadata import PackageNotFoundError, version
from string import Template
from typing import Any

import numpy as np

from run.metrics import Evaluation

LARGEST_MATRIX = 60
"""With more classes than this, a matrix is too large to read; the most frequent mistakes tell more."""
MISTAKES = 50
NARROW_HEADER = 6
"""With more classes than this, the names over a matrix stand upright."""

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

# Matplotlib wants colours as numbers. These stand for the colours of the page, which change with its scheme.
_INK, _MUTED, _RIGHT, _WRONG = "#00000a", "#00000b", "#00000c", "#00000d"
_VARIABLES = {_INK: "var(--ink)", _MUTED: "var(--line)", _RIGHT: "var(--blue)", _WRONG: "var(--orange)"}

_STYLE: dict[Any, Any] = {  # which keys Matplotlib's types allow differs from version to version
    "font.size": 9,
    "svg.fonttype": "none",
    "text.color": _INK,
    "axes.labelcolor": _INK,
    "xtick.labelcolor": _INK,
    "ytick.labelcolor": _INK,
    "axes.edgecolor": _MUTED,
    "xtick.color": _MUTED,
    "ytick.color": _MUTED,
    "grid.color": _MUTED,
    "grid.linewidth": 0.5,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.spines.top": False,
    "axes.spines.right": False,
}

_PAGE = Template("""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>$name: $status</title>
<style>
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --box: #ffffff; --ink: #1c2430; --dim: #5d6878; --line: #d9dee6;
  --blue: #2563eb; --orange: #c2570c; --good: #15803d; --bad: #b91c1c;
  --right: 37 99 235; --wrong: 217 91 20;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #10141a; --box: #181e27; --ink: #e4e8ee; --dim: #9aa5b4; --line: #323b48;
    --blue: #6ea8fe; --orange: #f0955a; --good: #4ade80; --bad: #f87171;
    --right: 59 120 240; --wrong: 230 110 40;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 68rem; padding: 1.5rem 1rem 3rem;
  background: var(--page); color: var(--ink);
  font: 1rem/1.5 system-ui, Roboto, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif;
}
h1 { margin: 0; font-size: 1.6rem; overflow-wrap: anywhere; }
h2 { margin: 0 0 .6rem; font-size: 1.1rem; }
p { margin: .3rem 0; }
.status { font-weight: 600; color: var(--bad); }
.status.succeeded { color: var(--good); }
.dim { color: var(--dim); font-size: .9rem; }
section {
  margin-top: 1rem; padding: 1rem 1.2rem;
  background: var(--box); border: 1px solid var(--line); border-radius: .6rem;
}
pre, code { overflow-wrap: anywhere; font-family: ui-monospace, Consolas, monospace; font-size: .9rem; }
pre { margin: 0; white-space: pre-wrap; }
dl { display: grid; gap: .8rem 1rem; margin: 0; }
dl { grid-template-columns: repeat(auto-fill, minmax(7.5rem, 1fr)); }
dt { color: var(--dim); font-size: .85rem; }
dd { margin: 0; font-size: 1.25rem; font-variant-numeric: tabular-nums; white-space: nowrap; }
dl.main { grid-template-columns: repeat(auto-fit, minmax(7.5rem, 1fr)); }
.main dd { font-size: clamp(1.35rem, 5vw, 1.9rem); line-height: 1.25; font-weight: 600; }
.curves { display: flex; flex-wrap: wrap; gap: 1rem; }
.curves figure { flex: 1 1 19rem; max-width: 32rem; margin: 0; }
svg { display: block; width: 100%; height: auto; }
svg text { font-family: inherit !important; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .92rem; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .7rem; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
thead th { color: var(--dim); font-weight: 500; vertical-align: bottom; }
th:first-child { position: sticky; left: 0; padding-left: 0; background: var(--box); text-align: left; }
tbody th { font-weight: 500; }
tbody tr:last-child > * { border-bottom: 0; }
.words th, .words td { text-align: left; white-space: normal; overflow-wrap: anywhere; }
.matrix td { border: 1px solid var(--box); text-align: center; color: var(--dim); min-width: 2.6rem; }
.matrix thead th { border: 0; text-align: center; }
.matrix tbody th { border: 0; }
.matrix .hit { color: var(--ink); background: rgb(var(--right) / calc(var(--share) * .6)); }
.matrix .miss { color: var(--ink); background: rgb(var(--wrong) / calc(var(--share) * .6)); }
.many th, .many td { padding: .15rem .35rem; font-size: .82rem; min-width: 1.9rem; }
.many th:first-child { padding-left: 0; }
.many thead th + th { writing-mode: vertical-rl; text-align: right; padding: .35rem .15rem; }
.many thead tr:first-child th + th { writing-mode: horizontal-tb; text-align: left; }
</style>
</head>
<body>
<header>
<h1>$name</h1>
<p class="status $status">$status</p>
</header>
$body
</body>
</html>
""")


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
        metrics: the lines of metrics.jsonl.
        result: the values of result.json.
        labels: the names of the classes.
        confusion: documents of each true label (rows) and predicted label (columns); empty without a test.
    """
    epochs = [line for line in metrics if line["kind"] == "EpochDone"]
    best = next((line["best_epoch"] for line in metrics if line["kind"] == "Tested"), None)
    sections = [
        _section("Error", f"<pre>{escape(result['error'])}</pre>") if result["error"] else "",
        _headline(result, best),
        _section("Documents", _figures(_documents(result["rows"]))),
        _section("Time", _figures(_times(result["seconds"]))),
        _section("Epochs", _curves(epochs, best) + _epoch_table(epochs, best)) if epochs else "",
        *_test_sections(labels, confusion),
        _section("Configuration", _table(("Key", "Value"), _flat(config), "words")) if config else "",
        _section("Versions", _table(("Package", "Version"), _versions(), "words")),
    ]
    return _PAGE.substitute(
        name=escape(str(config.get("name", "textcnn"))),
        status=escape(result["status"]),
        body="\n".join(section for section in sections if section),
    )


def _section(title: str, content: str) -> str:
    return f"<section>\n<h2>{title}</h2>\n{content}\n</section>" if content else ""


# Figures


def _headline(result: Mapping[str, Any], best: int | None) -> str:
    """The figures that a reader looks for first, and where the model is."""
    test = result["test"] or {}
    figures = _figures(
        {
            "Test accuracy": _percent(test.get("accuracy")),
            "Test macro-F1": _percent(test.get("macro_f1")),
            "Documents/s": _number(result["documents_per_second"] or None),
            "Epochs": _epochs(result["epochs"], best),
        },
        "main",
    )
    model = f'<p class="dim">Model: <code>{escape(result["model"])}</code></p>' if result["model"] else ""
    return _section("Outcome", figures + model)


def _documents(rows: Mapping[str, int | None]) -> dict[str, str | None]:
    names = {
        "read": "Rows read",
        "quarantined": "Quarantined",
        "train": "Training",
        "validation": "Validation",
        "test": "Test",
    }
    return {name: _number(rows[key]) for key, name in names.items()}


def _times(seconds: Mapping[str, float | None]) -> dict[str, str | None]:
    stages = ("prepare", "feed", "train", "export", "total")
    return {stage.capitalize(): _duration(seconds[stage]) for stage in stages}


def _figures(figures: Mapping[str, str | None], kind: str = "") -> str:
    """Names and values, without those that are not known."""
    known = {name: value for name, value in figures.items() if value is not None}
    items = "\n".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in known.items())
    return f'<dl class="{kind}">\n{items}\n</dl>' if items else ""


def _epochs(epochs: int | None, best: int | None) -> str | None:
    if epochs is None:
        return None
    return f"{epochs} (best: {best})" if best else str(epochs)


def _percent(share: float | None) -> str | None:
    return None if share is None else f"{100 * share:.2f} %"


def _number(number: float | None) -> str | None:
    return None if number is None else f"{number:,.0f}"


def _duration(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"


# Epochs


def _curves(epochs: Sequence[Mapping[str, Any]], best: int | None) -> str:
    """Loss and accuracy by epoch, as drawings inside the page."""
    loss = {"training": _series(epochs, "loss"), "validation": _series(epochs, "validation_loss")}
    accuracy = {"validation": 100 * _series(epochs, "validation_accuracy")}
    numbers = [line["epoch"] for line in epochs]
    drawings = _drawing("Loss (nats)", "loss", numbers, loss, best)
    if np.isfinite(accuracy["validation"]).any():
        drawings += _drawing("Validation accuracy (%)", "accuracy", numbers, accuracy, best)
    return f'<div class="curves">\n{drawings}</div>\n'


def _series(epochs: Sequence[Mapping[str, Any]], key: str) -> np.ndarray:
    return np.array([line[key] for line in epochs], np.float64)  # None becomes NaN, which is not drawn


def _drawing(title: str, name: str, epochs: Sequence[int], series: Mapping[str, np.ndarray], best: int | None) -> str:
    """Curves by epoch; `name` sets the identifiers in the drawing apart from another's."""
    from matplotlib import rc_context  # takes a second, which only a report should pay
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    with rc_context(_STYLE | {"svg.hashsalt": name}):
        figure = Figure(figsize=(4.2, 2.7), layout="constrained")
        axes = figure.add_subplot(title=title, xlabel="epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        for color, (label, values) in zip((_RIGHT, _WRONG), series.items(), strict=False):
            if np.isfinite(values).any():
                axes.plot(epochs, values, color=color, marker="o", markersize=4, label=label)
        if best is not None:
            axes.axvline(best, color=_MUTED, linestyle="--", zorder=0, label="best epoch")
        axes.legend(frameon=False)
        svg = io.StringIO()
        metadata = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(svg, format="svg", transparent=True, metadata=metadata)
    return f"<figure>{_inline(svg.getvalue(), title, name)}</figure>\n"


def _inline(svg: str, title: str, name: str) -> str:
    """Fits an SVG file into the page: the page's colours, its own identifiers, a name for screen readers."""
    svg = svg[svg.index("<svg") :]
    for color, variable in _VARIABLES.items():
        svg = svg.replace(color, variable)
    svg = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-", svg)
    return svg.replace("<svg ", f'<svg role="img" aria-label="{title} by epoch" ', 1)


def _epoch_table(epochs: Sequence[Mapping[str, Any]], best: int | None) -> str:
    judged = ("Validation loss", "Validation accuracy", "Validation macro-F1")
    head = ("Epoch", "Documents", "Training loss", *judged, "Time")
    rows = (
        (
            f"{line['epoch']} (best)" if line["epoch"] == best else str(line["epoch"]),
            _number(line["trained"]),
            _loss(line["loss"]),
            _loss(line["validation_loss"]),
            _percent(line["validation_accuracy"]),
            _percent(line["validation_macro_f1"]),
            _duration(line["seconds"]),
        )
        for line in epochs
    )
    return _table(head, rows)


def _loss(loss: float | None) -> str | None:
    return None if loss is None else f"{loss:.4f}"


# Classes


def _test_sections(labels: Sequence[str], confusion: Sequence[Sequence[int]]) -> Iterator[str]:
    evaluation = Evaluation.of([list(row) for row in confusion], None)
    if not evaluation.rows:
        return
    if len(labels) <= LARGEST_MATRIX:
        yield _section("Confusion matrix of the test documents", _matrix(labels, evaluation))
    else:
        yield _section("Most frequent mistakes in the test documents", _mistakes(labels, evaluation))
    yield _section("Classes in the test documents", _classes(labels, evaluation))


def _matrix(labels: Sequence[str], evaluation: Evaluation) -> str:
    """The confusion matrix, each cell shaded by its share of the row."""
    rows = zip(labels, evaluation.confusion, strict=True)
    body = "\n".join(_matrix_row(label, counts, i) for i, (label, counts) in enumerate(rows))
    names = "".join(f'<th scope="col">{escape(label)}</th>' for label in labels)
    kind = "matrix many" if len(labels) > NARROW_HEADER else "matrix"
    return (
        '<p class="dim">Rows: true label. Columns: predicted label. Shade: share of the row.</p>\n'
        f'<div class="scroll"><table class="{kind}">\n<thead>\n'
        f'<tr><th></th><th colspan="{len(labels)}">predicted</th></tr>\n<tr><th>true</th>{names}</tr>\n'
        f"</thead>\n<tbody>\n{body}\n</tbody>\n</table></div>"
    )


def _matrix_row(label: str, counts: np.ndarray, right: int) -> str:
    total = max(int(counts.sum()), 1)
    cells = (_matrix_cell(int(count), int(count) / total, i == right) for i, count in enumerate(counts))
    return f'<tr><th scope="row">{escape(label)}</th>{"".join(cells)}</tr>'


def _matrix_cell(count: int, share: float, right: bool) -> str:
    if not count:
        return "<td>0</td>"
    return f'<td class="{"hit" if right else "miss"}" style="--share:{share:.3f}">{count:,}</td>'


def _mistakes(labels: Sequence[str], evaluation: Evaluation) -> str:
    wrong = evaluation.confusion - np.diag(np.diag(evaluation.confusion))
    true, predicted = np.nonzero(wrong)
    counts, documents = wrong[true, predicted], evaluation.confusion.sum(axis=1)
    rows = (
        (labels[true[i]], labels[predicted[i]], _number(counts[i]), _percent(counts[i] / documents[true[i]]))
        for i in np.argsort(-counts, kind="stable")[:MISTAKES]
    )
    return _table(("True label", "Predicted label", "Documents", "Share of the true label"), rows)


def _classes(labels: Sequence[str], evaluation: Evaluation) -> str:
    columns = (evaluation.precision, evaluation.recall, evaluation.f1)
    documents = evaluation.confusion.sum(axis=1)
    rows = (
        (label, *(_percent(column[i]) for column in columns), _number(documents[i])) for i, label in enumerate(labels)
    )
    return _table(("Label", "Precision", "Recall", "F1", "Documents"), rows)


# Tables


def _table(head: Sequence[str], rows: Iterable[Sequence[str | None]], kind: str = "") -> str:
    names = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    body = "\n".join(_row(row) for row in rows)
    return (
        f'<div class="scroll"><table class="{kind}">\n<thead><tr>{names}</tr></thead>\n'
        f"<tbody>\n{body}\n</tbody>\n</table></div>"
    )


def _row(values: Sequence[str | None]) -> str:
    first, *others = ("–" if value is None else escape(value) for value in values)
    return f'<tr><th scope="row">{first}</th>{"".join(f"<td>{value}</td>" for value in others)}</tr>'


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

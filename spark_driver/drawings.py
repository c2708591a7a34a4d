"""The drawings of the report, as SVG that stands inside the page and takes its colours."""

import io
import re
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from threading import Thread
from typing import Any

import numpy as np
from markupsafe import Markup

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


def get_ready() -> None:
    """Imports Matplotlib in a thread, so that a report need not wait for it."""
    Thread(target=import_module, args=("matplotlib.figure",), name="drawings", daemon=True).start()


def curves(epochs: Sequence[Mapping[str, Any]], best: int | None) -> list[Markup]:
    """Returns the drawings of loss and accuracy by epoch; without validation there is no accuracy to draw.

    Args:
        epochs: the lines of the run's metrics that tell of an epoch.
        best: the epoch whose weights were kept; None if it is not known.
    """
    if not epochs:
        return []
    loss = {"training": _series(epochs, "loss"), "validation": _series(epochs, "validation_loss")}
    accuracy = {"validation": 100 * _series(epochs, "validation_accuracy")}
    numbers = [line["epoch"] for line in epochs]
    drawings = [_drawing("Loss (nats)", "loss", numbers, loss, best)]
    if np.isfinite(accuracy["validation"]).any():
        drawings.append(_drawing("Validation accuracy (%)", "accuracy", numbers, accuracy, best))
    return drawings


def _series(epochs: Sequence[Mapping[str, Any]], key: str) -> np.ndarray:
    return np.array([line[key] for line in epochs], np.float64)  # None becomes NaN, which is not drawn


def calibration(bins: Sequence[Sequence[float]]) -> Markup:
    """Returns the drawing of how often the model is right where it is so sure; an honest one is on the diagonal.

    Args:
        bins: documents, sum of their confidences and those that are right, of each range of confidence.
    """
    documents, confidence, right = np.array([of_bin for of_bin in bins if of_bin[0]]).T

    def draw(axes: Any) -> None:
        axes.plot([0, 100], [0, 100], color=_MUTED, linestyle="--", zorder=0, label="as sure as right")
        sizes = 12 + 120 * documents / documents.sum()
        axes.plot(100 * confidence / documents, 100 * right / documents, color=_RIGHT, linewidth=1)
        axes.scatter(100 * confidence / documents, 100 * right / documents, sizes, color=_RIGHT, label="test documents")
        axes.set(xlim=(0, 102), ylim=(0, 102))
        axes.legend(frameon=False, loc="upper left")

    return _drawn("Accuracy (%)", "calibration", "confidence (%)", draw)


def _drawing(
    title: str, name: str, epochs: Sequence[int], series: Mapping[str, np.ndarray], best: int | None
) -> Markup:
    """Curves by epoch."""

    def draw(axes: Any) -> None:
        from matplotlib.ticker import MaxNLocator

        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        for color, (label, values) in zip((_RIGHT, _WRONG), series.items(), strict=False):
            if np.isfinite(values).any():
                axes.plot(epochs, values, color=color, marker="o", markersize=4, label=label)
        if best is not None:
            axes.axvline(best, color=_MUTED, linestyle="--", zorder=0, label="best epoch")
        axes.legend(frameon=False)

    return _drawn(title, name, "epoch", draw)


def _drawn(title: str, name: str, xlabel: str, draw: Callable[[Any], None]) -> Markup:
    """A drawing; `name` sets its identifiers apart from another's."""
    from matplotlib import rc_context  # see get_ready
    from matplotlib.figure import Figure

    with rc_context(_STYLE | {"svg.hashsalt": name}):
        figure = Figure(figsize=(4.2, 2.7), layout="constrained")
        draw(figure.add_subplot(title=title, xlabel=xlabel))
        svg = io.StringIO()
        metadata = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(svg, format="svg", transparent=True, metadata=metadata)
    return _inline(svg.getvalue(), f"{title} by {xlabel}", name)


def _inline(svg: str, title: str, name: str) -> Markup:
    """Fits an SVG file into the page: the page's colours, its own identifiers, a name for screen readers."""
    svg = svg[svg.index("<svg") :]
    for color, variable in _VARIABLES.items():
        svg = svg.replace(color, variable)
    svg = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-", svg)
    svg = svg.replace("<svg ", f'<svg role="img" aria-label="{title}" ', 1)
    return Markup(svg)  # safe: it holds numbers and this file's own words, nothing from outside

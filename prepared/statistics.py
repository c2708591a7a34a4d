"""Statistics of a prepared corpus: classes, lengths and unknown tokens of each split, summed up over its parts."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from prepared.parts import Part
from run.splits import SPLITS

SHARES = (0.5, 0.9, 0.99)
"""Of the documents that are no longer than the lengths that are told."""


def statistics(parts: Iterable[Part]) -> dict[str, Any]:
    """Returns, of each split, the documents of each label, and of each view tokens, unknown ones, and lengths."""
    classes: Counter[str] = Counter()
    lengths: Counter[str] = Counter()
    unknown: Counter[str] = Counter()
    for part in parts:
        classes.update(part.classes)
        lengths.update(part.lengths)
        unknown.update(part.unknown)
    found: dict[str, Any] = {split: {"classes": {}, "views": {}} for split in SPLITS}
    for name, number in sorted(classes.items()):
        split, label = name.split("\t")
        found[split]["classes"][label] = number
    of_views: dict[tuple[str, str], Counter[int]] = {}
    for name, number in lengths.items():
        split, view, length = name.split("\t")
        of_views.setdefault((split, view), Counter())[int(length)] += number
    for (split, view), of_view in sorted(of_views.items()):
        found[split]["views"][view] = {
            "tokens": sum(length * number for length, number in of_view.items()),
            "unknown": unknown[f"{split}\t{view}"],
            "longest": max(of_view),
            "lengths": {f"{share:g}": _quantile(of_view, share) for share in SHARES},
        }
    return found


def _quantile(lengths: Counter[int], share: float) -> int:
    """The length that a share of the documents does not exceed."""
    needed, seen = share * lengths.total(), 0
    for length, number in sorted(lengths.items()):
        seen += number
        if seen >= needed:
            return length
    return 0

"""The page of a comparison: one HTML file that looks as the report of a run, and needs no other."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from run import pages
from run.formats import interval
from run.pages import Table, Whisker

PAGE = "comparison.html"


@dataclass(frozen=True)
class Part:
    """A part of the page."""

    title: str
    found: Sequence[str] = ()
    """What it says."""
    table: Table | None = None
    kind: str = ""
    """Classes of the table's style: named, where the rows have long names; words, where its cells are text."""
    notes: Sequence[str] = ()
    """How to read it."""


@dataclass(frozen=True)
class Scale:
    """A range of shares on which intervals are drawn."""

    low: float
    high: float

    @classmethod
    def of(cls, intervals: Iterable[tuple[float, float]]) -> "Scale":
        """Returns the scale that holds all these intervals; from 0 to 1 without any."""
        lows, highs = zip(*intervals, strict=True) if (intervals := list(intervals)) else ((0.0,), (1.0,))
        return cls(min(lows), max(highs))

    def drawn(self, value: float, low: float, high: float) -> Whisker:
        """Returns a share with its interval as it is drawn."""
        width = self.high - self.low or 1.0
        places = ((share - self.low) / width for share in (low, value, high))
        return Whisker(interval(low, high), *(round(place, 3) for place in places))


def page(name: str, status: str, parts: Sequence[Part]) -> str:
    """Returns the page."""
    return pages.rendered("cluster", "comparison.html.j2", name=name, status=status, tone="", parts=parts)

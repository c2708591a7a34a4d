"""What a check finds."""

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from textwrap import indent, shorten
from typing import Literal

from run.errors import ExplainedError

MARGIN = " " * 28
LONGEST = 200
"""Characters of what others say of an error."""

Verdict = Literal["ok", "note", "warning", "failed"]


@dataclass(frozen=True)
class Finding:
    """What one check found, and what to do about it."""

    verdict: Verdict
    """note: what cannot be seen from here, and has to be so; failed: a launch would fail."""
    what: str
    found: str
    remedy: str | None = None
    traceback: str | None = None
    """Of an error on another machine."""

    def __str__(self) -> str:
        """A line, one more for the remedy, and then the traceback."""
        below = "\n".join(filter(None, (self.remedy, self.traceback)))
        return f"{self.verdict:8} {self.what:18} {self.found}\n{indent(below, MARGIN)}".rstrip()


def ok(what: str, found: str) -> Finding:
    """All is well."""
    return Finding("ok", what, found)


def note(what: str, found: str) -> Finding:
    """Cannot be seen from here."""
    return Finding("note", what, found)


def warning(what: str, found: str, remedy: str) -> Finding:
    """A launch may do without."""
    return Finding("warning", what, found, remedy)


def failed(what: str, found: str, remedy: str | None) -> Finding:
    """A launch would fail."""
    return Finding("failed", what, found, remedy)


def broken(what: str, error: ExplainedError) -> Finding:
    """A check could not come to its end."""
    return failed(what, shorten(error.found, LONGEST, placeholder=" …"), error.remedy)


def guarded(what: str, findings: Iterable[Finding]) -> Generator[Finding, None, bool]:
    """Yields findings, and the error that ends them as one more; returns whether a launch could still work."""
    well = True
    try:
        for finding in findings:
            well &= finding.verdict != "failed"
            yield finding
    except ExplainedError as error:
        yield broken(what, error)
        return False
    return well

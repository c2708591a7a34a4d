"""HTML pages that need no script, no network and no other file: the report of a run, and of a comparison.

A page is a template that extends page.html.j2, of values that are ready to be shown; all of them are escaped.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined


@dataclass(frozen=True)
class Whisker:
    """An interval that is drawn as a line, with its value as a dot; all of a column have the same scale."""

    text: str
    low: float
    """From 0 to 1: where it begins between the ends of the scale."""
    value: float
    high: float


@dataclass(frozen=True)
class Table:
    """Names of the columns, and rows of text."""

    head: Sequence[str]
    rows: Sequence[Sequence[str | Whisker | None]]
    """None is a value that is not known."""


def rendered(package: str, template: str, **values: Any) -> str:
    """Returns the page that a template of a package makes of values."""
    # These loaders find templates in a zip too, which is how YARN ships us.
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package, ""), PackageLoader("run", "")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(template).render(**values)


def flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yields the keys of nested sections, joined by dots, with their values."""
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def text(value: Any) -> str | None:
    """Returns a value of a configuration as a table shows it; None stays None."""
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def settings_table(config: Mapping[str, Any]) -> Table:
    """Returns the table of all settings of a resolved run file."""
    return Table(("Key", "Value"), [(key, text(value)) for key, value in flat(config)])

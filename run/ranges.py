"""What `textcnn tune` chooses from: the table `tune` of a run file."""

import math
from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Discriminator, PlainSerializer, PlainValidator, Tag, model_validator
from pydantic.dataclasses import dataclass
from pydantic_core import PydanticCustomError

KEYS = {"low", "high", "log"}
SHAPE = "give a range, {low = …, high = …} with or without log = true, or the list of values"


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise PydanticCustomError("number", "give a number")
    return value


Number = Annotated[float, PlainValidator(_number), PlainSerializer(lambda value: value)]
"""An integer stays one."""


@dataclass(frozen=True, kw_only=True, config=ConfigDict(use_attribute_docstrings=True))
class Range:
    """All numbers between two; whole numbers where both are."""

    low: Number
    """The smallest."""

    high: Number
    """The largest."""

    log: bool = False
    """Whether each doubling is as likely as another, in place of each difference."""

    @model_validator(mode="after")
    def _check(self) -> "Range":
        if self.low >= self.high:
            raise PydanticCustomError("range", "low must be below high")
        if self.log and self.low <= 0:
            raise PydanticCustomError("range", "with log = true, low must be above 0")
        return self

    @property
    def whole(self) -> bool:
        """Whether it is one of whole numbers."""
        return isinstance(self.low, int) and isinstance(self.high, int)

    @property
    def extremes(self) -> tuple[Any, ...]:
        """The values that stand for all when they are checked."""
        return self.low, self.high


def _distinct(values: tuple[Any, ...]) -> tuple[Any, ...]:
    if not values or any(value in values[:place] for place, value in enumerate(values)):
        raise PydanticCustomError("choices", "list distinct values, at least one")
    return values


Choices = Annotated[tuple[Any, ...], BeforeValidator(lambda value: _distinct(tuple(value)))]
"""The values of which one is chosen."""


def _kind(value: Any) -> str | None:
    if isinstance(value, Range) or (isinstance(value, dict) and {"low", "high"} <= value.keys() <= KEYS):
        return "range"
    return "values" if isinstance(value, list | tuple) else None


Values = Annotated[
    Annotated[Range, Tag("range")] | Annotated[Choices, Tag("values")],
    Discriminator(_kind, custom_error_type="values", custom_error_message=SHAPE),
]


def _flat(tables: Any) -> Any:
    """Names settings in full, also where the file has a table for their section."""
    if not isinstance(tables, dict):
        return tables
    flat: dict[str, Any] = {}
    for name, value in tables.items():
        is_section = isinstance(value, dict) and "." not in name
        flat |= {f"{name}.{key}": below for key, below in value.items()} if is_section else {name: value}
    return flat


Ranges = Annotated[dict[str, Values], BeforeValidator(_flat)]

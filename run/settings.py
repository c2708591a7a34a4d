"""Reads run files and profiles into their frozen dataclasses, and explains what is wrong with them."""

import dataclasses
import difflib
import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from run.errors import SettingsError

Settings = TypeVar("Settings")


def read(kind: type[Settings], path: Path, overrides: Sequence[str] = ()) -> Settings:
    """Reads a TOML file into a settings dataclass.

    Args:
        kind: the dataclass, for instance `RunConfig`.
        path: the TOML file.
        overrides: `section.key=value` each, the value as TOML or else as a plain string.

    Raises:
        SettingsError: the file is missing or no TOML, or a key or a value cannot be used.
    """
    return parse(kind, values_of(path, overrides), str(path))


def values_of(path: Path, overrides: Sequence[str] = ()) -> dict[str, Any]:
    """Returns what a TOML file says, with overrides, before it is held to any dataclass; see `read` for the errors."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsError(f"There is no settings file {path}. Name an existing TOML file.") from None
    except (OSError, ValueError, RecursionError) as error:
        raise SettingsError(f"{path} cannot be read as TOML: {error}") from error
    for override in overrides:
        _override(values, override)
    return values


def parse(kind: type[Settings], values: Mapping[str, Any], source: str) -> Settings:
    """Makes a settings dataclass of nested mappings; see `read` for the errors."""
    try:
        # As JSON, strict mode takes a list for a tuple and an integer for a float, but no "3" for 3.
        return TypeAdapter(kind).validate_json(json.dumps(values, default=str), strict=True)
    except ValidationError as error:
        raise SettingsError("\n".join(f"{source}: {_explain(kind, e)}" for e in error.errors())) from None


def describe(kind: Any) -> Iterator[str]:
    """Yields a line of help for every key of a settings dataclass, sections first."""
    for name, field in _fields(kind).items():
        if dataclasses.is_dataclass(field.annotation):
            yield f"[{name}]  {(field.annotation.__doc__ or '').splitlines()[0]}"
            yield from (f"  {line}" for line in describe(field.annotation))
        else:
            default = "required" if field.is_required() else json.dumps(field.get_default(call_default_factory=True))
            yield f"{name} = {default}  # {field.description}"


def to_json(settings: object) -> dict[str, Any]:
    """Returns a settings dataclass as plain JSON values."""
    values: dict[str, Any] = TypeAdapter(type(settings)).dump_python(settings, mode="json")
    return values


def to_toml(values: Mapping[str, Any]) -> str:
    """Returns the values of a settings file as TOML: keys with strings, numbers, booleans or lists, and sections."""
    sections = {name: value for name, value in values.items() if isinstance(value, Mapping)}
    # A string, a number, a boolean and a list are in JSON as in TOML.
    lines = [f"{key} = {json.dumps(values[key], ensure_ascii=False)}" for key in values if key not in sections]
    return "\n".join([*lines, *(f"\n[{name}]\n{to_toml(section)}" for name, section in sections.items())]) + "\n"


def _fields(kind: Any) -> dict[str, Any]:
    return dict(kind.__pydantic_fields__)


def _override(values: dict[str, Any], override: str) -> None:
    path, equals, text = override.partition("=")
    keys = path.strip().split(".")
    if not equals or not all(keys):
        raise SettingsError(f"--set takes section.key=value, for instance train.epochs=3. Received: {override!r}")
    section = values
    for key in keys[:-1]:
        section = section.setdefault(key, {})
        if not isinstance(section, dict):
            raise SettingsError(f"--set {override!r}: {key!r} is not a section")
    section[keys[-1]] = _toml_value(text.strip())


def _toml_value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text  # a path or a word needs no quotes


def _explain(kind: type, error: ErrorDetails) -> str:
    key = ".".join(str(part) for part in error["loc"])
    if error["type"] == "unexpected_keyword_argument":
        known = sorted(_known_keys(kind))
        near = difflib.get_close_matches(key, known, n=1, cutoff=0.0)
        siblings = [k for k in known if k.rpartition(".")[0] == key.rpartition(".")[0]]
        return f"unknown key {key!r}. Did you mean {near[0]!r}? Known here: {', '.join(siblings or known)}"
    if error["type"] == "missing":
        return f"{key!r} is missing; see textcnn train --help"
    message = error["msg"].removeprefix("Value error, ")
    if error["type"] == "value_error":
        return message
    return f"{key!r}: {message}. Received: {error['input']!r}"


def _known_keys(kind: Any, prefix: str = "") -> Iterator[str]:
    for name, field in _fields(kind).items():
        yield prefix + name
        if dataclasses.is_dataclass(field.annotation):
            yield from _known_keys(field.annotation, f"{prefix}{name}.")

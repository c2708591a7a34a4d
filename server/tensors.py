"""TF Serving's JSON: what the body of a request asks of a signature, and the answer as a body.

https://www.tensorflow.org/tfx/serving/api_rest: a row format (`instances` → `predictions`) and a column format
(`inputs` → `outputs`); a signature's only input or output needs no name.
"""

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from server.errors import NotFoundError, RequestError

Signatures = Mapping[str, Callable[..., Mapping[str, tf.Tensor]]]


@dataclass(frozen=True)
class Request:
    """What a body asks."""

    signature: str
    inputs: Mapping[str, list[Any]]
    """Nested lists of each input, as deep as its tensor."""
    by_row: bool


def parsed(body: bytes, signatures: Mapping[str, Mapping[str, tf.TensorSpec]]) -> Request:
    """Reads a body.

    Args:
        body: JSON.
        signatures: the inputs of each signature of the model.

    Raises:
        RequestError: the body, or a value in it, is not what the signature takes.
        NotFoundError: there is no such signature.
    """
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise RequestError(f"The body is not JSON: {error}") from None
    if not isinstance(asked, dict) or ("instances" in asked) == ("inputs" in asked):
        raise RequestError('The body is a JSON object with either "instances" or "inputs".')
    name = asked.get("signature_name") or "serving_default"
    if name not in signatures:
        raise NotFoundError(f"There is no signature {name!r}; there are {', '.join(sorted(signatures))}.")
    specs = signatures[name]
    by_row = "instances" in asked
    columns = _of_rows(asked["instances"], specs) if by_row else _of_columns(asked["inputs"], specs)
    if columns.keys() != specs.keys():
        raise RequestError(f"The inputs of {name!r} are {sorted(specs)}. Received: {sorted(columns)}.")
    return Request(name, {key: _checked(key, columns[key], spec) for key, spec in specs.items()}, by_row)


def tensors(inputs: Mapping[str, list[Any]], specs: Mapping[str, tf.TensorSpec]) -> dict[str, tf.Tensor]:
    """Returns the inputs of a signature as tensors.

    Raises:
        RequestError: rows of an input are not of the same length.
    """
    made = {}
    for name, values in inputs.items():
        try:
            made[name] = tf.constant(values, specs[name].dtype, shape=None if values else [0] * specs[name].shape.rank)
        except (ValueError, TypeError):
            raise RequestError(f"The rows of {name!r} have to be of the same length.") from None
    return made


def answer(outputs: Mapping[str, np.ndarray], by_row: bool) -> bytes:
    """Returns the body that answers a request."""
    values = {name: _decoded(output.tolist()) for name, output in outputs.items()}
    (only, *others) = values.values()
    said: Any
    if by_row:
        rows = [dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)]
        said = {"predictions": rows if others else only}
    else:
        said = {"outputs": values if others else only}
    return json.dumps(said, ensure_ascii=False).encode()


def _of_rows(rows: Any, specs: Mapping[str, tf.TensorSpec]) -> dict[str, Any]:
    if not isinstance(rows, list) or not rows:
        raise RequestError('"instances" is a list with a value, or an object of values, for each document.')
    if not all(_is_named(row) for row in rows):
        return {_only(specs): rows}
    names = rows[0].keys()
    if any(row.keys() != names for row in rows):
        raise RequestError('All objects in "instances" have the same keys.')
    return {name: [row[name] for row in rows] for name in names}


def _of_columns(columns: Any, specs: Mapping[str, tf.TensorSpec]) -> dict[str, Any]:
    return dict(columns) if isinstance(columns, dict) else {_only(specs): columns}


def _is_named(row: Any) -> bool:
    return isinstance(row, dict) and row.keys() != {"b64"}


def _only(specs: Mapping[str, tf.TensorSpec]) -> str:
    if len(specs) != 1:
        raise RequestError(f"A signature with the inputs {sorted(specs)} takes an object that names them.")
    return next(iter(specs))


def _checked(name: str, values: Any, spec: tf.TensorSpec) -> list[Any]:
    leaf = _text if spec.dtype == tf.string else _number
    try:
        return _mapped(values, spec.shape.rank, leaf)
    except (TypeError, ValueError) as error:
        nested = "a list" + " of lists" * (spec.shape.rank - 1)
        kind = "strings" if spec.dtype == tf.string else "32-bit integers"
        raise RequestError(f"{name!r} is {nested} of {kind}. Received: {error}") from None


def _mapped(values: Any, depth: int, leaf: Callable[[Any], Any]) -> Any:
    if depth == 0:
        return leaf(values)
    if not isinstance(values, list):
        raise TypeError(_shown(values))
    return [_mapped(value, depth - 1, leaf) for value in values]


def _text(value: Any) -> bytes:
    if isinstance(value, str):
        return value.encode("utf-8", "replace")  # a lone surrogate, written as \\ud800
    if isinstance(value, dict) and value.keys() == {"b64"} and isinstance(value["b64"], str):
        try:
            return base64.b64decode(value["b64"], validate=True)
        except binascii.Error:
            raise ValueError(_shown(value)) from None
    raise TypeError(_shown(value))


def _number(value: Any) -> int:
    if type(value) is not int or not -(2**31) <= value < 2**31:
        raise TypeError(_shown(value))
    return value


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)[:100]


def _decoded(values: Any) -> Any:
    if isinstance(values, Sequence) and not isinstance(values, bytes):
        return [_decoded(value) for value in values]
    return values.decode() if isinstance(values, bytes) else values

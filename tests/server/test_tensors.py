"""Bodies in TF Serving's JSON, row by row and column by column."""

import json
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from server.errors import NotFoundError, RequestError
from server.tensors import answer, parsed, tensors

pytestmark = pytest.mark.usefixtures("collective")

SPECS = {
    "serving_default": {"text": tf.TensorSpec([None], tf.string)},
    "ids": {"word": tf.TensorSpec([None, None], tf.int32), "char": tf.TensorSpec([None, None], tf.int32)},
    "labels": {},
}


def asked(body: object) -> Any:
    return parsed(json.dumps(body).encode(), SPECS)


@pytest.mark.parametrize(
    "body",
    [
        {"instances": ["好", {"b64": "5Z2P"}]},
        {"instances": [{"text": "好"}, {"text": {"b64": "5Z2P"}}]},
        {"signature_name": "serving_default", "inputs": ["好", "坏"]},
        {"inputs": {"text": ["好", "坏"]}},
    ],
)
def test_texts_in_every_form(body: dict[str, Any]) -> None:
    request = asked(body)
    assert request.inputs == {"text": ["好".encode(), "坏".encode()]}
    assert request.by_row == ("instances" in body)


def test_named_inputs_of_rows_and_columns() -> None:
    columns = {"word": [[1], [2]], "char": [[3, 4], [5, 6]]}
    by_row = asked(
        {"signature_name": "ids", "instances": [{"word": [1], "char": [3, 4]}, {"word": [2], "char": [5, 6]}]}
    )
    by_column = asked({"signature_name": "ids", "inputs": columns})
    assert by_row.inputs == by_column.inputs == columns
    assert tensors(by_row.inputs, SPECS["ids"])["char"].numpy().tolist() == [[3, 4], [5, 6]]
    assert asked({"signature_name": "labels", "inputs": {}}).inputs == {}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ([], 'either "instances" or "inputs"'),
        ({"instances": ["a"], "inputs": ["a"]}, 'either "instances" or "inputs"'),
        ({"instances": "a"}, '"instances" is a list'),
        ({"instances": []}, '"instances" is a list'),
        ({"instances": [1]}, "'text' is a list of strings. Received: 1"),
        ({"instances": [["a"]]}, "'text' is a list of strings. Received: [\"a\"]"),
        ({"instances": [{"b64": "?"}]}, "'text' is a list of strings"),
        ({"instances": [{"text": "a"}, {"words": "a"}]}, "have the same keys"),
        ({"instances": [{"words": "a"}]}, "are ['text']. Received: ['words']"),
        ({"inputs": "a"}, "'text' is a list of strings. Received: \"a\""),
        ({"signature_name": "ids", "inputs": [[1]]}, "takes an object that names them"),
        ({"signature_name": "ids", "inputs": {"word": [[1]], "char": [1]}}, "list of lists of 32-bit integers"),
        ({"signature_name": "ids", "inputs": {"word": [[2**31]], "char": [[1]]}}, "Received: 2147483648"),
        ({"signature_name": "ids", "inputs": {"word": [[True]], "char": [[1]]}}, "Received: true"),
    ],
)
def test_what_cannot_be_answered_is_said(body: object, reason: str) -> None:
    with pytest.raises(RequestError) as error:
        asked(body)
    assert reason in str(error.value)
    assert error.value.status == 400


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000, b"\xff"])
def test_what_is_not_json_is_said(body: bytes) -> None:
    with pytest.raises(RequestError, match="The body is not JSON"):
        parsed(body, SPECS)


def test_a_signature_that_is_not_there() -> None:
    with pytest.raises(NotFoundError, match="no signature 'other'; there are ids, labels, serving_default"):
        asked({"signature_name": "other", "inputs": []})


def test_rows_of_different_lengths_are_refused() -> None:
    request = asked({"signature_name": "ids", "inputs": {"word": [[1], [2, 3]], "char": [[1], [2]]}})
    with pytest.raises(RequestError, match="rows of 'word' have to be of the same length"):
        tensors(request.inputs, SPECS["ids"])


def test_a_lone_surrogate_is_a_replacement_as_in_the_graph() -> None:
    assert parsed(b'{"inputs": ["\\ud800"]}', SPECS).inputs == {"text": [b"?"]}


def test_no_documents_are_a_tensor_without_rows() -> None:
    made = tensors(asked({"signature_name": "ids", "inputs": {"word": [], "char": []}}).inputs, SPECS["ids"])
    assert made["word"].shape == (0, 0)


def test_answers() -> None:
    outputs = {"label": np.array(["好评".encode(), b"b"], object), "score": np.array([0.5, 0.25], np.float32)}
    assert json.loads(answer(outputs, by_row=True)) == {
        "predictions": [{"label": "好评", "score": 0.5}, {"label": "b", "score": 0.25}]
    }
    assert json.loads(answer(outputs, by_row=False)) == {"outputs": {"label": ["好评", "b"], "score": [0.5, 0.25]}}
    assert json.loads(answer({"labels": outputs["label"]}, by_row=False)) == {"outputs": ["好评", "b"]}

"""TF Serving's own messages: the warm-up requests of a model, and requests that are made of its golden examples."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.framework.types_pb2 import DataType
from tensorflow_serving.apis.predict_pb2 import PredictRequest
from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

from trainer.warmup import BATCH


@pytest.fixture(scope="module")
def signatures(exported: Path) -> Any:
    return tf.saved_model.load(str(exported)).signatures


@pytest.fixture(scope="module")
def golden(exported: Path) -> list[dict[str, Any]]:
    lines = (exported / "assets.extra" / "golden.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def answered(signatures: Any, request: PredictRequest) -> dict[str, np.ndarray]:
    """What a model says to a request, by its signature alone."""
    function = signatures[request.model_spec.signature_name or "serving_default"]
    specs = function.structured_input_signature[1]
    assert request.inputs.keys() == specs.keys()
    given = {}
    for name, tensor in request.inputs.items():
        assert specs[name].dtype.as_datatype_enum == tensor.dtype
        assert specs[name].shape.is_compatible_with(tensor.tensor_shape)
        given[name] = tf.constant(tf.make_ndarray(tensor), specs[name].dtype)
    return {name: output.numpy() for name, output in function(**given).items()}


def test_every_warm_up_request_is_one_that_the_model_answers(
    exported: Path, signatures: Any, golden: list[dict[str, Any]]
) -> None:
    file = exported / "assets.extra" / "tf_serving_warmup_requests"
    records = [PredictionLog.FromString(record.numpy()) for record in tf.data.TFRecordDataset(str(file))]
    requests = [record.predict_log.request for record in records]
    asked = {(r.model_spec.signature_name, len(tf.make_ndarray(r.inputs["text"]))) for r in requests}
    assert asked == {("serving_default", 1), ("serving_default", BATCH), ("explain", 1), ("explain", BATCH)}
    for request in requests:
        size = request.ByteSize()
        request.DiscardUnknownFields()
        assert request.ByteSize() == size
        found = answered(signatures, request)["probabilities"]
        for row, probabilities in enumerate(found):
            assert probabilities == pytest.approx(golden[row % len(golden)]["probabilities"], abs=1e-4)


@pytest.mark.parametrize("name", ["serving_default", "tokens", "ids"])
def test_a_grpc_request_of_a_golden_example_has_its_answer(
    name: str, signatures: Any, golden: list[dict[str, Any]]
) -> None:
    for example in golden:
        request = PredictRequest()
        request.model_spec.signature_name = name
        if name == "serving_default":
            request.inputs["text"].CopyFrom(tf.make_tensor_proto([example["text"]], DataType.DT_STRING))
        for view, values in ({} if name == "serving_default" else example[name]).items():
            kind = DataType.DT_STRING if name == "tokens" else DataType.DT_INT32
            request.inputs[view].CopyFrom(tf.make_tensor_proto([values], kind))
        found = answered(signatures, PredictRequest.FromString(request.SerializeToString()))
        assert found["probabilities"][0] == pytest.approx(example["probabilities"], abs=1e-4)
        assert found["label"][0].decode() == example["label"]

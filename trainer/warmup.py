"""Requests that TF Serving asks a model before it answers others, so that the first user does not wait.

A file of PredictionLog messages (https://www.tensorflow.org/tfx/serving/saved_model_warmup). Their few fields are
written here by hand, as the package that has the messages (tensorflow-serving-api) needs TensorFlow under the name
`tensorflow`; the numbers are those of tensorflow_serving/apis/{prediction_log,predict,model}.proto.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import tensorflow as tf

WARM_UP = "tf_serving_warmup_requests"
"""The name that TF Serving looks for in assets.extra."""
BATCH = 256


def write(file: Path, texts: Sequence[str]) -> None:
    """Writes requests with one text, and with many, to classify and to explain.

    Args:
        file: a new file.
        texts: at least one; examples of what will be asked.
    """
    many = [texts[i % len(texts)] for i in range(BATCH)]
    with tf.io.TFRecordWriter(str(file)) as records:
        for name in ("serving_default", "explain"):
            for asked in (texts[:1], many):
                records.write(_prediction_log(name, asked))


def _prediction_log(signature: str, texts: Sequence[str]) -> bytes:
    tensor = tf.make_tensor_proto(texts, tf.string).SerializeToString()
    text = _field(1, b"text") + _field(2, tensor)  # an entry of a map: key and value
    request = _field(1, _field(3, signature.encode())) + _field(2, text)  # ModelSpec.signature_name, inputs
    return _field(6, _field(1, request))  # PredictionLog.predict_log, PredictLog.request


def _field(number: int, content: bytes) -> bytes:
    """A field of bytes in the wire format of protocol buffers."""
    return bytes([number << 3 | 2, *_varint(len(content))]) + content


def _varint(value: int) -> Iterator[int]:
    while value > 0x7F:
        yield value & 0x7F | 0x80
        value >>= 7
    yield value

"""The model that is served: the newest version, and the next one as soon as it is published."""

import logging
import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import tensorflow as tf
from google.protobuf.json_format import MessageToDict
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef, TensorInfo

from server.errors import RequestError
from server.tensors import tensors
from storage import StorageError
from trainer.card import model_of
from trainer.errors import TrainerError
from trainer.serving import Classifier

log = logging.getLogger(__name__)


class Version:
    """A version of a model that gives its golden answers."""

    def __init__(self, path: str):
        """Loads it.

        Raises:
            ModelError: there is none, or it does not give its golden answers.
            StorageError: it cannot be read.
        """
        self._classifier = Classifier(path)
        self._classifier.check()
        self.uri = self._classifier.uri
        self.name = str(self._classifier.card["name"])
        self.number = self.uri.rpartition("/")[2]
        self.specs: dict[str, Mapping[str, tf.TensorSpec]] = {
            name: signature.structured_input_signature[1] for name, signature in self._classifier.signatures.items()
        }

    def ask(self, signature: str, inputs: Mapping[str, list[Any]]) -> dict[str, np.ndarray]:
        """Returns a signature's outputs.

        Raises:
            RequestError: rows of an input are not of the same length, or the model refuses a value.
        """
        given = tensors(inputs, self.specs[signature])
        try:
            outputs = self._classifier.signatures[signature](**given)
        except tf.errors.InvalidArgumentError as error:
            reason = re.search(r"^(.*)\n\s*\[\[", error.message, re.MULTILINE)  # what stands above the node's name
            raise RequestError(f"The model refuses a value: {reason[1] if reason else error.message}") from None
        return {name: output.numpy() for name, output in outputs.items()}

    def classify(self, texts: Sequence[bytes]) -> dict[str, np.ndarray]:
        """Asks `serving_default`."""
        return self.ask("serving_default", {"text": list(texts)})

    @cached_property
    def signature_defs(self) -> dict[str, Any]:
        """Every signature as TF Serving's metadata describe it."""
        return {
            name: MessageToDict(
                SignatureDef(
                    inputs={key: _info(spec) for key, spec in self.specs[name].items()},
                    outputs={key: _info(spec) for key, spec in signature.structured_outputs.items()},
                    method_name="tensorflow/serving/predict",
                ),
                preserving_proto_field_name=True,
            )
            for name, signature in self._classifier.signatures.items()
        }


class Served:
    """The newest version of a model. Loading takes seconds, and happens beside the version that answers."""

    def __init__(self, path: str):
        """Loads the newest version, or the one that is named.

        Raises:
            ModelError: there is none, or it does not give its golden answers.
            StorageError: it cannot be read.
        """
        self._path = path
        self._failed: str | None = None
        self.current = Version(path)

    def refresh(self) -> None:
        """Takes a newer version, if there is one; one that does not load is told in the log, once."""
        try:
            newest = model_of(self._path)
            if newest in (self.current.uri, self._failed):
                return
            self._failed = newest
            self.current = Version(newest)
        except (TrainerError, StorageError) as error:
            log.error("%s is still served: %s", self.current.uri, error)
        else:
            log.info("serving %s", self.current.uri)


def _info(spec: tf.TensorSpec) -> TensorInfo:
    return TensorInfo(dtype=spec.dtype.as_datatype_enum, tensor_shape=spec.shape.as_proto())

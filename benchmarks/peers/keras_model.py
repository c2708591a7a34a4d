"""Kim's TextCNN of Keras' layers, for Keras 3 and for the legacy Keras 2 (tf_keras), its best epoch and its clock."""

import time
from types import ModuleType
from typing import Any

from benchmarks.peers.protocol import BATCH, DROPOUT, EMBEDDING, FILTERS, LENGTH, RATE, WIDTHS, Documents, Encoded


def textcnn(keras: ModuleType, tokens: int, classes: int) -> Any:
    """Returns a compiled model.

    Args:
        keras: the module that layers come from.
        tokens: token ids that there are.
        classes: labels that there are.
    """
    layers = keras.layers
    ids = keras.Input([LENGTH], dtype="int32")
    vectors = layers.Embedding(tokens, EMBEDDING)(ids)
    answers = [layers.Conv1D(FILTERS, width, activation="relu")(vectors) for width in WIDTHS]
    features = layers.Concatenate()([layers.GlobalMaxPooling1D()(of_width) for of_width in answers])
    model = keras.Model(ids, layers.Dense(classes)(layers.Dropout(DROPOUT)(features)))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(RATE), loss, metrics=["accuracy"])
    return model


def stopwatch(keras: ModuleType) -> Any:
    """Returns a callback whose `seconds` are those of each epoch."""

    class Stopwatch(keras.callbacks.Callback):  # type: ignore[name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.seconds: list[float] = []

        def on_epoch_begin(self, *_: Any) -> None:
            self._begun = time.perf_counter()

        def on_epoch_end(self, *_: Any) -> None:
            self.seconds.append(time.perf_counter() - self._begun)

    return Stopwatch()


def best(keras: ModuleType, encoded: Encoded) -> Any:
    """Returns a callback whose `test_accuracy` is that of the epoch that was best on the validation documents.

    It judges a copy of the model, which belongs to no strategy, so that one worker can do it alone.
    """
    judged = textcnn(keras, encoded.tokens, encoded.classes)

    def accuracy(weights: Any, documents: Documents) -> float:
        judged.set_weights(weights)
        _, found = judged.evaluate(documents.ids, documents.labels, batch_size=BATCH, verbose=0)
        return float(found)

    class Best(keras.callbacks.Callback):  # type: ignore[name-defined]
        def __init__(self) -> None:
            super().__init__()
            self._accuracy, self._weights = -1.0, None

        def on_epoch_end(self, *_: Any) -> None:
            weights = self.model.get_weights()
            found = accuracy(weights, encoded.validation)
            if found > self._accuracy:
                self._accuracy, self._weights = found, weights

        @property
        def test_accuracy(self) -> float:
            return accuracy(self._weights, encoded.test)

    return Best()

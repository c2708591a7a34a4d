"""Kim's TextCNN of Keras' layers, for Keras 3 and for the legacy Keras 2 (tf_keras), its best epoch and its clock."""

import time
from collections.abc import Sequence
from types import ModuleType
from typing import Any

from benchmarks.peers.protocol import (
    BATCH,
    DROPOUT,
    EMBEDDING,
    FILTERS,
    INITIAL,
    LENGTH,
    RATE,
    WIDTHS,
    Documents,
    Encoded,
)


def textcnn(keras: ModuleType, tokens: int, classes: int) -> Any:
    """Returns a compiled model.

    Args:
        keras: the module that layers come from.
        tokens: token ids that there are.
        classes: labels that there are.
    """
    layers = keras.layers
    ids = keras.Input([LENGTH], dtype="int32")
    initial = keras.initializers.RandomUniform(-INITIAL, INITIAL)
    vectors = layers.Embedding(tokens, EMBEDDING, embeddings_initializer=initial)(ids)
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


def keeper(keras: ModuleType) -> Any:
    """Returns a callback whose `weights` are those after each epoch."""

    class Keeper(keras.callbacks.Callback):  # type: ignore[name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.weights: list[Any] = []

        def on_epoch_end(self, *_: Any) -> None:
            self.weights.append(self.model.get_weights())

    return Keeper()


def accuracy_of_best(keras: ModuleType, encoded: Encoded, weights: Sequence[Any]) -> float:
    """Returns the test accuracy of the weights that are best on the validation documents."""
    model = textcnn(keras, encoded.tokens, encoded.classes)

    def accuracy(weights: Any, documents: Documents) -> float:
        model.set_weights(weights)
        _, found = model.evaluate(documents.ids, documents.labels, batch_size=BATCH, verbose=0)
        return float(found)

    best = max(weights, key=lambda of_epoch: accuracy(of_epoch, encoded.validation))
    return accuracy(best, encoded.test)

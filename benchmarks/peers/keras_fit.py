"""Keras 3 `fit` in one process with all cores."""

import keras

from benchmarks.peers.keras_model import accuracy_of_best, keeper, stopwatch, textcnn
from benchmarks.peers.protocol import BATCH, answer, from_second_epoch, read, task


def main() -> None:
    asked = task(__doc__)
    encoded = read(asked.folder)
    train, clock, kept = encoded.train, stopwatch(keras), keeper(keras)
    model = textcnn(keras, encoded.tokens, encoded.classes)
    model.fit(train.ids, train.labels, batch_size=BATCH, epochs=asked.epochs, callbacks=[clock, kept], verbose=0)
    answer(from_second_epoch(len(train), clock.seconds), accuracy_of_best(keras, encoded, kept.weights))


if __name__ == "__main__":
    main()

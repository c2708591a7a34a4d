"""Keras 3 `fit` in one process with all cores."""

import keras

from benchmarks.peers.keras_model import stopwatch, textcnn
from benchmarks.peers.protocol import BATCH, answer, from_second_epoch, read, task


def main() -> None:
    asked = task(__doc__)
    encoded = read(asked.folder)
    train, test = encoded.train, encoded.test
    model, clock = textcnn(keras, encoded.tokens, encoded.classes), stopwatch(keras)
    model.fit(train.ids, train.labels, batch_size=BATCH, epochs=asked.epochs, callbacks=[clock], verbose=0)
    _, accuracy = model.evaluate(test.ids, test.labels, batch_size=BATCH, verbose=0)
    answer(from_second_epoch(len(train), clock.seconds), accuracy)


if __name__ == "__main__":
    main()

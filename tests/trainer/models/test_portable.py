"""A mixture of Keras's own layers gives the answers of the one that was trained, and does so without TensorFlow."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from run.config import Kind, ModelConfig, View

if TYPE_CHECKING:
    from trainer.mixture import Mixture

pytestmark = [pytest.mark.usefixtures("collective"), pytest.mark.integration]

SIZES: dict[View, int] = {"word": 7, "char": 9, "word2": 5}
IDS: dict[View, list[list[int]]] = {
    "word": [[2, 3, 6, 4], [5, 0, 0, 0], [1, 2, 0, 0], [0, 0, 0, 0]],
    "char": [[2, 8, 3, 4, 5], [7, 6, 0, 0, 0], [1, 1, 1, 0, 0], [0, 0, 0, 0, 0]],
    "word2": [[2, 3, 4], [0, 0, 0], [4, 0, 0], [0, 0, 0]],
}
"""Documents of several lengths, the last without any token."""

ELSEWHERE = """
import json, sys
sys.modules["tensorflow"] = None  # it cannot be imported: Keras does where it can, whatever its back end
import keras
import numpy as np
given = json.load(sys.stdin)
model = keras.models.load_model(given["model"])
probabilities = model({view: np.array(ids, np.int32) for view, ids in given["ids"].items()})
print(json.dumps([keras.ops.convert_to_numpy(probabilities).tolist(), keras.backend.backend()]))
"""


@pytest.fixture(scope="module")
def mixture() -> "Mixture":
    """All kinds of networks, with weights by chance."""
    from trainer.mixture import Mixture
    from trainer.models.build import networks
    from trainer.naive_bayes import NaiveBayes

    kinds: tuple[Kind, ...] = ("textcnn", "textrnn", "mlp", "logistic_regression", "textcnn")
    config = ModelConfig(networks=kinds, embedding_size=5, widths=(1, 2, 3), filters=4, units=3)
    built = networks(config, SIZES, 3, seed=1)
    chance = np.random.default_rng(1)

    def some(*shape: int) -> np.ndarray:
        return chance.normal(size=shape)

    for network in built.values():
        network.set_weights([some(*weights.shape) for weights in network.get_weights()])
    tables: Mapping[View, np.ndarray] = {view: some(size, 3) for view, size in SIZES.items()}
    return Mixture(built, NaiveBayes(some(3), tables), np.linspace(0.1, 0.5, len(kinds) + 1))


def test_it_gives_the_same_answers(mixture: "Mixture") -> None:
    import keras
    import tensorflow as tf

    ids = {view: np.array(of_view, np.int32) for view, of_view in IDS.items()}
    expected = tf.nn.softmax(mixture({view: tf.constant(of_view) for view, of_view in ids.items()})).numpy()
    found = keras.ops.convert_to_numpy(mixture.portable()(ids))
    assert found == pytest.approx(expected, abs=1e-6)
    assert expected.std(axis=0).min() > 0.01  # the documents differ


def test_jax_loads_it_without_tensorflow(mixture: "Mixture", tmp_path: Path) -> None:
    import keras

    model = mixture.portable()
    model.save(tmp_path / "model.keras")
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE],
        input=json.dumps({"model": str(tmp_path / "model.keras"), "ids": IDS}),
        capture_output=True,
        encoding="utf-8",
        check=False,
        env=os.environ | {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"},
    )
    assert done.returncode == 0, done.stderr
    probabilities, back_end = json.loads(done.stdout.splitlines()[-1])
    assert back_end == "jax"
    expected = keras.ops.convert_to_numpy(model({view: np.array(of_view) for view, of_view in IDS.items()}))
    assert np.array(probabilities) == pytest.approx(expected, abs=1e-5)

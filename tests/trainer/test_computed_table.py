"""Tables that are filled when a model is loaded: what they hold, and for how long."""

import gc
from pathlib import Path

import pytest
import tensorflow as tf

from trainer.computed_table import ComputedTable, release_with

pytestmark = pytest.mark.usefixtures("collective")


class Owner:
    """Whoever uses a loaded model."""


def test_it_is_filled_when_it_is_loaded_and_given_back_with_its_owner(tmp_path: Path) -> None:
    module, owner = tf.Module(), Owner()
    module.weights = tf.Variable([[1.0, 2.0], [3.0, 4.0]])
    module.table = ComputedTable(lambda: 2 * module.weights, (2, 2), "doubled")

    @tf.function(input_signature=[tf.TensorSpec([None], tf.int32, "indices")])
    def rows(indices: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"rows": module.table.rows(indices)}

    tf.saved_model.save(module, str(tmp_path), signatures={"rows": rows})
    loaded = tf.saved_model.load(str(tmp_path))
    answer = loaded.signatures["rows"]
    release_with(owner, [loaded.table])
    assert answer(indices=tf.constant([1]))["rows"].numpy().tolist() == [[6.0, 8.0]]
    del owner
    gc.collect()
    with pytest.raises(tf.errors.NotFoundError):
        answer(indices=tf.constant([1]))

"""Tables of an exported model that are computed from its weights when it is loaded, and are in none of its files."""

import weakref
from collections.abc import Callable, Iterable

import tensorflow as tf


class ComputedTable(tf.saved_model.experimental.TrackableResource):
    """A table that whoever loads the model fills before its first answer, as tables of strings are filled.

    It knows nothing of its end: a signature that somebody keeps has to find it, when what
    `tf.saved_model.load` has returned is no longer there. See `release_with`.
    """

    def __init__(self, compute: Callable[[], tf.Tensor], shape: tuple[int, int], name: str):
        """Takes what fills it, float32 of this shape, and a name that no other table of the model has."""
        super().__init__()
        self._compute = compute
        self._shape = shape
        self._name = name

    def rows(self, indices: tf.Tensor) -> tf.Tensor:
        """Returns some of its rows, float32 [indices, columns]."""
        found = tf.raw_ops.ResourceGather(resource=self.resource_handle, indices=indices, dtype=tf.float32)
        return tf.ensure_shape(found, [None, self._shape[1]])

    def _create_resource(self) -> tf.Tensor:
        return tf.raw_ops.VarHandleOp(dtype=tf.float32, shape=self._shape, shared_name=self._name)

    def _initialize(self) -> None:
        tf.raw_ops.AssignVariableOp(resource=self.resource_handle, value=self._compute())


def release_with(owner: object, tables: Iterable[tf.saved_model.experimental.TrackableResource]) -> None:
    """Gives back the memory of a loaded model's tables when its only user is no longer there."""
    for table in tables:
        weakref.finalize(owner, _release, table.resource_handle).atexit = False


def _release(handle: tf.Tensor) -> None:
    tf.raw_ops.DestroyResourceOp(resource=handle, ignore_lookup_error=True)

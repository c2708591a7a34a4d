"""A folder for what the tasks of a preparation hand on."""

import posixpath
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import storage

ERRORS = "errors"
"""The folder in it for what tasks that fail have to say."""


@contextmanager
def beside(target: str) -> Iterator[str]:
    """Gives a folder on the storage of a corpus, and removes it.

    Raises:
        StorageError: it cannot be made.
    """
    name = f".{posixpath.basename(target.rstrip('/'))}-tasks-{uuid.uuid4().hex}"
    folder = storage.join(storage.parent(target), name)
    storage.make_folder(storage.join(folder, ERRORS))
    with storage.removed_on_error(folder):
        yield folder
    storage.remove(folder)

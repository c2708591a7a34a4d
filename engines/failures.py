"""What a task that fails has to say: engines tell their users no more of a Python process than that it has ended."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import storage
from engines.errors import EngineError
from text.errors import DataError, TextError


@contextmanager
def told(errors: str, task: str) -> Iterator[None]:
    """Leaves word of an error that passes.

    Args:
        errors: URI of the folder for that.
        task: which one it is, and which attempt.
    """
    try:
        yield
    except Exception as error:
        ours = isinstance(error, TextError | storage.StorageError)
        word = {
            "data": isinstance(error, DataError),
            "message": str(error) if ours else f"{type(error).__name__}: {error}",
        }
        storage.write(storage.join(errors, task), json.dumps(word).encode())
        raise


def first(errors: str) -> Exception | None:
    """Returns the error that the first task has left word of: a DataError, or else an EngineError; None if none has."""
    for task in storage.names(errors):
        word = json.loads(storage.read(storage.join(errors, task)))
        return DataError(word["message"]) if word["data"] else EngineError(f"{task}: {word['message']}")
    return None

"""Publishes a folder whole: under a name that nobody loads, then renamed to the next version number."""

import re
import uuid
from collections.abc import Callable
from functools import partial
from pathlib import Path

from storage.errors import StorageError
from storage.files import exists, remove, removed_on_error
from storage.folders import copy_folder, move_folder, names
from storage.outages import outlasting
from storage.uris import join


def publish(exported: Path, models: str, tell: Callable[[str], object] = lambda _: None) -> str:
    """Copies an exported model to `models/<next version>`.

    A version is either there as a whole or not at all: TF Serving loads only folders whose name is a number,
    and the rename that gives it one does not replace a version that another run has published meanwhile.

    Args:
        exported: the checked model on a local disk.
        models: the URI of the folder of the versions; made where it is missing.
        tell: told of an outage, which is waited for.

    Returns:
        The URI of the new version.

    Raises:
        StorageError: the folder cannot be written, or does not keep what is written.
    """
    unpublished = join(models, f".publishing-{uuid.uuid4().hex}")

    def copy() -> None:
        if exists(unpublished):
            remove(unpublished)  # what an outage has left
        copy_folder(str(exported), unpublished)

    try:
        with removed_on_error(unpublished):
            outlasting(copy, tell)
            while True:
                newest = max([0, *outlasting(lambda: versions(models), tell)])
                target = join(models, str(newest + 1))
                if outlasting(partial(move_folder, unpublished, target), tell):
                    return target
    except StorageError as error:
        raise type(error)(f"the model cannot be published in {models}: {error.found}", error.remedy) from error


def versions(models: str) -> list[int]:
    """Returns the published versions in order."""
    return sorted(int(name) for name in names(models) if re.fullmatch(r"[1-9]\d*", name))

"""Puts a model in place whole: beside first, then renamed to the next version number."""

import re
import uuid
from pathlib import Path

from trainer import storage
from trainer.errors import ModelError, StorageError


def publish(exported: Path, models: str) -> str:
    """Copies an exported model to `models/<next version>`.

    A version is either there as a whole or not at all: TF Serving loads only folders whose name is a number,
    and the rename that gives it one does not replace a version that another run has published meanwhile.

    Args:
        exported: the checked model on a local disk.
        models: the URI of the folder of the versions; made where it is missing.

    Returns:
        The URI of the new version.

    Raises:
        ModelError: the folder cannot be written, or does not keep what is written.
    """
    beside = storage.join(models, f".publishing-{uuid.uuid4().hex}")
    try:
        with storage.removed_on_error(beside):
            storage.copy_folder(str(exported), beside)
            while True:
                target = storage.join(models, str(max([0, *versions(models)]) + 1))
                if storage.move_folder(beside, target):
                    return target
    except StorageError as error:
        raise ModelError(f"the model cannot be published in {models}: {error}") from error


def versions(models: str) -> list[int]:
    """Returns the published versions in order."""
    return sorted(int(name) for name in storage.names(models) if re.fullmatch(r"[1-9]\d*", name))

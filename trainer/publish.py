"""Puts a model in place whole: beside first, then renamed to the next version number."""

import os
import re
import shutil
import uuid
from pathlib import Path

from trainer.errors import ModelError


def publish(exported: Path, models: Path) -> Path:
    """Copies an exported model to `models/<next version>`.

    A version is either there as a whole or not at all: TF Serving loads only folders whose name is a number,
    and the rename that gives it one does not replace a version that another run has published meanwhile.

    Args:
        exported: the checked model on a local disk.
        models: the folder of the versions; made where it is missing.

    Returns:
        The folder of the new version.

    Raises:
        ModelError: the folder cannot be written.
    """
    beside = models / f".publishing-{uuid.uuid4().hex}"
    try:
        models.mkdir(parents=True, exist_ok=True)
        shutil.copytree(exported, beside)
        while True:
            target = models / str(max([0, *versions(models)]) + 1)
            try:
                os.rename(beside, target)
                return target
            except FileExistsError:
                continue  # another run was quicker
            except OSError as error:
                if not target.exists():
                    raise
                del error  # not empty: another run was quicker
    except OSError as error:
        raise ModelError(f"the model cannot be published in {models}: {error}") from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def versions(models: Path) -> list[int]:
    """Returns the published versions in order."""
    if not models.is_dir():
        return []
    return sorted(int(p.name) for p in models.iterdir() if re.fullmatch(r"[1-9]\d*", p.name))

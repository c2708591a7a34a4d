"""This machine's disks."""

import errno
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import suppress

from storage.backend import CHUNK, File


class Local:
    """This machine's disks."""

    def exists(self, path: str) -> bool:
        """See `Backend`."""
        return os.path.lexists(path)

    def size(self, path: str) -> int | None:
        """See `Backend`."""
        try:
            found = os.stat(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        return None if stat.S_ISDIR(found.st_mode) else found.st_size

    def entries(self, path: str) -> list[tuple[str, bool]]:
        """See `Backend`."""
        try:
            with os.scandir(path) as found:
                return [(entry.name, entry.is_dir()) for entry in found]
        except (FileNotFoundError, NotADirectoryError):
            return []

    def make_folder(self, path: str) -> None:
        """See `Backend`."""
        os.makedirs(path, exist_ok=True)

    def read(self, path: str, offset: int) -> Iterator[bytes]:
        """See `Backend`."""
        with open(path, "rb") as file:
            file.seek(offset)
            while chunk := file.read(CHUNK):
                yield chunk

    def create(self, path: str) -> File:
        """See `Backend`."""
        return open(path, "xb")

    def replace(self, source: str, target: str) -> None:
        """See `Backend`."""
        os.replace(source, target)

    def move_folder(self, source: str, target: str) -> bool:
        """See `Backend`."""
        if os.path.lexists(target):
            return False  # the system would put a folder in the place of an empty one
        try:
            os.rename(source, target)
        except OSError as error:
            if error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR) and os.path.lexists(target):
                return False  # it came meanwhile
            raise
        return True

    def remove(self, path: str) -> None:
        """See `Backend`."""
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        else:
            with suppress(FileNotFoundError, NotADirectoryError):
                os.unlink(path)

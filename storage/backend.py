"""What a storage can do, and which one a URI names. Its paths are its own, its errors are as they come."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from storage.errors import explained
from storage.uris import parts

CHUNK = 4 * 2**20
"""Bytes that are read or written at once."""


class File(Protocol):
    """A new file."""

    def write(self, data: bytes, /) -> object:
        """Adds bytes."""

    def close(self) -> None:
        """Ends the file."""


class Backend(Protocol):
    """A storage."""

    def exists(self, path: str) -> bool:
        """Tells whether there is a file or a folder."""

    def size(self, path: str) -> int | None:
        """Returns a file's size in bytes; None if there is no such file."""

    def entries(self, path: str) -> list[tuple[str, bool]]:
        """Names in a folder, and whether each is a folder; none if there is no such folder."""

    def make_folder(self, path: str) -> None:
        """Makes a folder and those that it is in."""

    def read(self, path: str, offset: int) -> Iterator[bytes]:
        """Yields a file's bytes from an offset, a chunk at a time."""

    def create(self, path: str) -> File:
        """Begins a new file."""

    def replace(self, source: str, target: str) -> None:
        """Renames a file over another one, in one step."""

    def move_folder(self, source: str, target: str) -> bool:
        """Renames a folder; returns False if the name is taken."""

    def remove(self, path: str) -> None:
        """Removes a file or a folder, if it is there."""


@contextmanager
def at(participle: str, uri: str) -> Iterator[tuple[Backend, str]]:
    """Finds the storage of a URI and the path on it, and explains what fails there."""
    from storage.hdfs import Hdfs
    from storage.local import Local

    with explained(participle, uri):
        prefix, path = parts(uri)
        yield (Hdfs(prefix) if prefix else Local()), path

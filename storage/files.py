"""Files: read, and written as a whole or not at all."""

import posixpath
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import BinaryIO

from storage.backend import CHUNK, File, at
from storage.errors import StorageError, UnreachableError, explained
from storage.side_by_side import side_by_side
from storage.uris import join, parent, path_of


def exists(uri: str) -> bool:
    """Tells whether there is a file or a folder."""
    with at("looked up", uri) as (backend, path):
        return backend.exists(path)


def size(uri: str) -> int | None:
    """Returns a file's size in bytes; None if there is no such file."""
    with at("looked up", uri) as (backend, path):
        return backend.size(path)


def read(uri: str, offset: int = 0) -> bytes:
    """Returns a file's bytes, from an offset on."""
    return b"".join(chunks(uri, offset))


def chunks(uri: str, offset: int = 0) -> Iterator[bytes]:
    """Yields a file's bytes from an offset on, a few megabytes at a time."""
    with at("read", uri) as (backend, path):
        yield from backend.read(path, offset)


def write(uri: str, data: bytes) -> None:
    """Writes a file: all of it, or none."""
    with writing(uri) as file:
        file.write(data)


def write_all(files: Mapping[str, bytes]) -> None:
    """Writes files side by side, each as `write` does."""
    side_by_side(lambda uri: write(uri, files[uri]), files)


def put(uri: str, content: BinaryIO) -> int:
    """Writes a file of what can be read from another one: all of it, or none; returns its size in bytes."""
    total = 0
    with writing(uri) as file:
        while piece := content.read(CHUNK):
            file.write(piece)
            total += len(piece)
    return total


def remove(uri: str) -> None:
    """Removes a file, or a folder with all that is in it; nothing happens if there is none."""
    with at("removed", uri) as (backend, path):
        backend.remove(path)


class Writer:
    """A file that is being written."""

    def __init__(self, file: File, uri: str):
        """Writes to a new file; its URI is for messages."""
        self._file = file
        self._uri = uri
        self._waiting = bytearray()

    def write(self, data: bytes) -> None:
        """Adds bytes, sooner or later."""
        self._waiting += data
        if len(self._waiting) >= CHUNK:
            self._flush()

    def close(self) -> None:
        """Adds what is left, and ends the file."""
        self._flush()
        with explained("written", self._uri):
            self._file.close()

    def _flush(self) -> None:
        data = bytes(self._waiting)
        self._waiting.clear()
        with explained("written", self._uri):
            self._file.write(data)


@contextmanager
def writing(uri: str) -> Iterator[Writer]:
    """Writes a file in pieces: under another name, and renamed at the end, so that it is never there by half."""
    unfinished = join(parent(uri), f".{posixpath.basename(uri)}-{uuid.uuid4().hex}")
    file = create(unfinished, uri)
    with removed_on_error(unfinished):
        yield file
        file.close()
        with at("written", uri) as (backend, path):
            backend.replace(path_of(unfinished), path)


def create(uri: str, meant: str) -> Writer:
    """Begins a new file; messages name the file or folder on the same storage that it is made for."""
    with at("written", meant) as (backend, _):
        return Writer(backend.create(path_of(uri)), meant)


@contextmanager
def removed_on_error(uri: str) -> Iterator[None]:
    """Removes an unfinished file or folder when an error passes, unless it is that HDFS has gone."""
    try:
        yield
    except UnreachableError:
        raise
    except BaseException as error:
        try:
            remove(uri)
        except StorageError as left:
            error.add_note(str(left))  # what went wrong first is what to fix
        raise

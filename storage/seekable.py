"""Files that are read from any place on, by what wants a file of Python's: parsers, decompressors, Parquet."""

import io
import os
from collections.abc import Iterator

from storage.backend import CHUNK
from storage.errors import StorageError
from storage.files import chunks, size


def opened(uri: str) -> io.BufferedReader:
    """Opens a file for reading, a few megabytes at a time.

    Raises:
        StorageError: there is no such file, or it cannot be read, now or later.
    """
    total = size(uri)
    if total is None:
        raise StorageError(f"{uri} cannot be read: there is no such file.", "Check the path.")
    return io.BufferedReader(_Seekable(uri, total), CHUNK)


class _Seekable(io.RawIOBase):
    """Reads on where it is, and begins anew where it is told to."""

    def __init__(self, uri: str, total: int):
        self._uri, self._size, self._place = uri, total, 0
        self._waiting: memoryview = memoryview(b"")
        self._chunks: Iterator[bytes] | None = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        place = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self._size}[whence] + offset
        if place != self._place:
            self._place, self._chunks, self._waiting = place, None, memoryview(b"")
        return place

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        if self._chunks is None:
            self._chunks = chunks(self._uri, self._place)
        if not self._waiting:
            self._waiting = memoryview(next(self._chunks, b""))
        piece = self._waiting[: len(buffer)]
        buffer[: len(piece)] = piece
        self._waiting = self._waiting[len(piece) :]
        self._place += len(piece)
        return len(piece)

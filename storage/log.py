"""A file of lines that are added one at a time and can be read meanwhile, also on HDFS."""

import time
from collections.abc import Iterator
from contextlib import suppress
from threading import RLock, Timer

from storage.errors import StorageError, explained
from storage.files import chunks, exists, read, remove, size, write, writing
from storage.folders import make_folder, names
from storage.uris import is_local, join, parent, path_of

SECONDS = 2.0
"""How often lines are written to HDFS at most."""
TIME_SHARE = 0.1
"""The largest share of the time that writing to HDFS may take."""
PART_BYTES = 64 * 2**10
"""A part that has grown to this is not written again."""


class Log:
    """A file of lines.

    On a local disk, lines are appended. HDFS has appending, but refuses it as long as the NameNode has not heard of
    the last block from a DataNode ("lastBlock … is not sufficiently replicated yet"), and a file that is kept open
    looks empty to many readers. There, the lines lie in parts in a folder that has the file's name and `.parts`, of
    which only the last is written anew, every two seconds at most; `close` makes one file of them. So a run of a day
    writes its lines, and 32 KiB/s at most besides, however many there are. What was added too soon after the one before
    is written as soon as it may be, though nothing follows: it may be that a run waits.
    """

    def __init__(self, uri: str):
        """Names the file; one that nobody has closed is gone on with."""
        self._uri = uri
        self._part: int | None = None
        self._lines: list[bytes] = []
        self._written = 0
        self._next = 0.0
        self._late: Timer | None = None
        self._writing = RLock()
        self._earlier: list[str] | None = None

    def add(self, line: bytes) -> None:
        """Adds a line. If HDFS refuses it now, it is written with a later one, or `close` raises."""
        if is_local(self._uri):
            make_folder(parent(self._uri))
            with explained("written", self._uri), open(path_of(self._uri), "ab") as file:
                file.write(line + b"\n")
            return
        with self._writing:
            self._lines.append(line + b"\n")
            wait = self._next - time.monotonic()
            if wait <= 0:
                self._write()
            elif self._late is None:
                self._late = Timer(wait, self._write)
                self._late.daemon = True
                self._late.start()

    def close(self) -> None:
        """Writes the lines that are still to be written, and makes one file of the parts."""
        with self._writing:
            self._close()

    def _write(self) -> None:
        with self._writing:
            self._late, begun = None, time.monotonic()
            # An error is not lost: the lines are kept, and the last attempt, in `close`, raises it.
            with suppress(StorageError):
                self._write_part()
            self._next = begun + max(SECONDS, (time.monotonic() - begun) / TIME_SHARE)

    def _close(self) -> None:
        if self._late:
            self._late.cancel()
            self._late = None
        folder = _folder(self._uri)
        self._write_part()
        if is_local(self._uri) or not exists(folder):
            return
        if self._earlier is None:  # where an outage has broken it off, it is done again
            self._earlier = [self._uri] if exists(self._uri) else []  # a line may come after the end
        with writing(self._uri) as file:
            for part in (*self._earlier, *(join(folder, name) for name in names(folder))):
                for chunk in chunks(part):
                    file.write(chunk)
        remove(folder)
        self._part, self._lines, self._written, self._earlier = None, [], 0, None

    def _write_part(self) -> None:
        if self._written == len(self._lines):
            return
        content = b"".join(self._lines)
        folder = _folder(self._uri)
        make_folder(folder)
        if self._part is None:
            self._part = len(names(folder))
        write(_part(self._uri, self._part), content)
        self._written = len(self._lines)
        if len(content) >= PART_BYTES:
            self._part, self._lines, self._written = self._part + 1, [], 0


class LogReader:
    """Reads a log that grows, or one that nobody has closed."""

    def __init__(self, uri: str):
        """Begins at the first line."""
        self._uri = uri
        self._part = 0
        self._in_part = 0
        self._read = 0

    def lines(self) -> Iterator[bytes]:
        """Yields the whole lines since the last time; none while there is no log."""
        while not is_local(self._uri):
            followed = exists(_part(self._uri, self._part + 1))  # asked first: then this part grows no more
            try:
                if size(_part(self._uri, self._part)) is None:
                    break  # it has not begun, or it is one file by now
                yield from self._whole(_part(self._uri, self._part), self._in_part)
            except StorageError:
                if not exists(self._uri):
                    raise
                break  # it has become one file meanwhile
            if not followed:
                return
            self._part, self._in_part = self._part + 1, 0
        if exists(self._uri):
            yield from self._whole(self._uri, self._read)

    def _whole(self, uri: str, offset: int) -> Iterator[bytes]:
        *lines, _ = read(uri, offset).split(b"\n")  # what follows the last end of line is read again when it is whole
        for line in lines:
            self._in_part += len(line) + 1
            self._read += len(line) + 1
            yield line


def _folder(uri: str) -> str:
    return f"{uri}.parts"


def _part(uri: str, number: int) -> str:
    return join(_folder(uri), f"{number:06d}")

"""An HDFS, by hdfs-native, with a time limit on every request."""

import posixpath
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from hdfs_native import Client, WriteOptions

from storage.backend import CHUNK, File

ANSWER_SECONDS = 60.0
"""How long one request may take; a NameNode that collects garbage can need half of it."""

FAILOVER_ATTEMPTS = 5
"""How often a NameNode is tried, about 20 s in all. hdfs-native's 15 would take three minutes to refuse."""

READ_AGAIN = 3
"""How often a block is asked for again that no DataNode gave, as HDFS's own client does (acquire failures)."""
NO_REPLICA = "All DataNodes failed"

Answer = TypeVar("Answer")


class Hdfs:
    """An HDFS. Each object has a connection of its own, so none outlives a fork."""

    def __init__(self, url: str):
        """Names it: hdfs://host:port, hdfs://nameservice, or hdfs:// for the configured default."""
        self._client = Client(url, {"dfs.client.failover.max.attempts": str(FAILOVER_ATTEMPTS)})

    def exists(self, path: str) -> bool:
        """See `Backend`."""
        return self._status(path) is not None

    def size(self, path: str) -> int | None:
        """See `Backend`."""
        found = self._status(path)
        return None if found is None or found.isdir else int(found.length)

    def entries(self, path: str) -> list[tuple[str, bool]]:
        """See `Backend`."""
        try:
            found = in_time(lambda: list(self._client.list_status(path)))
        except (FileNotFoundError, RuntimeError) as error:
            _check_missing(error)
            return []
        # A file lists itself.
        return [(posixpath.basename(entry.path), entry.isdir) for entry in found if entry.path != path]

    def make_folder(self, path: str) -> None:
        """See `Backend`."""
        in_time(lambda: self._client.mkdirs(path, create_parent=True))

    def read(self, path: str, offset: int) -> Iterator[bytes]:
        """See `Backend`."""
        failures = 0
        while True:
            try:
                for chunk in self._chunks(path, offset):
                    yield chunk
                    offset, failures = offset + len(chunk), 0
                return
            except RuntimeError as error:
                failures += 1
                if NO_REPLICA not in str(error) or failures > READ_AGAIN:
                    raise
                time.sleep(failures)  # a busy DataNode refuses for a moment; nothing tells when it no longer does

    def _chunks(self, path: str, offset: int) -> Iterator[bytes]:
        file = in_time(lambda: self._client.read(path))
        if offset >= file.size:
            return
        file.seek(offset)
        while chunk := in_time(lambda: file.read(CHUNK)):
            yield chunk

    def create(self, path: str) -> File:
        """See `Backend`."""
        return _HdfsFile(self._client, path)

    def replace(self, source: str, target: str) -> None:
        """See `Backend`."""
        in_time(lambda: self._client.rename(source, target, overwrite=True))

    def move_folder(self, source: str, target: str) -> bool:
        """See `Backend`."""
        try:
            in_time(lambda: self._client.rename(source, target, overwrite=False))
        except FileExistsError:
            return False
        except FileNotFoundError:
            # hdfs-native asks again when a connection breaks: the first time, whose answer was lost, has moved it.
            if self.exists(target) and not self.exists(source):
                return True
            raise
        except RuntimeError as error:
            if "must both be directories" in str(error):
                return False  # there is a file
            raise
        return True

    def remove(self, path: str) -> None:
        """See `Backend`."""
        try:
            in_time(lambda: self._client.delete(path, recursive=True))
        except (FileNotFoundError, RuntimeError) as error:
            _check_missing(error)

    def _status(self, path: str) -> Any:
        """What HDFS says of a path; None where there is nothing."""
        try:
            return in_time(lambda: self._client.get_file_info(path))
        except (FileNotFoundError, RuntimeError) as error:
            _check_missing(error)
            return None


class _HdfsFile:
    """A new file on HDFS."""

    def __init__(self, client: Client, path: str):
        # The inner writer, because the outer one closes itself when it is collected, and waits for a dead HDFS.
        self._file = in_time(lambda: client.inner.create(path, WriteOptions(overwrite=False)))

    def write(self, data: bytes) -> None:
        in_time(lambda: self._file.write(data))

    def close(self) -> None:
        in_time(self._file.close)


def in_time(ask: Callable[[], Answer], seconds: float | None = None) -> Answer:
    """Asks HDFS in a thread that can be left behind, for hdfs-native may wait for ever.

    Args:
        ask: what to do there.
        seconds: how long it may take; `ANSWER_SECONDS` if not given.

    Raises:
        TimeoutError: there was no answer in time.
    """
    limit = ANSWER_SECONDS if seconds is None else seconds
    answers: list[Answer] = []
    errors: list[Exception] = []

    def run() -> None:
        try:
            answers.append(ask())
        except Exception as error:  # noqa: BLE001 - raised again below
            errors.append(error)

    thread = threading.Thread(target=run, name="hdfs", daemon=True)
    thread.start()
    thread.join(limit)
    if errors:
        raise errors[0]
    if not answers:
        raise TimeoutError(f"no answer in {limit:.0f} s")
    return answers[0]


def _check_missing(error: Exception) -> None:
    """Raises an error that says something else than that there is no such path, or only below a file."""
    if not isinstance(error, FileNotFoundError) and "is not a directory" not in str(error):
        raise error

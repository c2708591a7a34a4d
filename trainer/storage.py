"""Files and folders by URI, on local disks and on HDFS, without a JVM.

A URI is a local path ("runs/x", "/a/b", "file:///a/b"), or "hdfs://host:port/a", "hdfs://nameservice/a" and
"hdfs:///a" with the NameNodes and the default of the Hadoop configuration in HADOOP_CONF_DIR. Characters stand for
themselves: nothing is decoded, as in Hadoop. Whatever fails raises a `StorageError`.
"""

import errno
import hashlib
import os
import posixpath
import re
import shutil
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol, TypeVar

from hdfs_native import Client, WriteOptions

from trainer.errors import StorageError, UnreachableError

ANSWER_SECONDS = 60.0
"""How long one request to HDFS may take; a NameNode that collects garbage can need half of it."""

FAILOVER_ATTEMPTS = 5
"""How often a NameNode is tried, about 20 s in all. hdfs-native's 15 would take three minutes to refuse."""

CHUNK = 4 * 2**20

LOG_SECONDS = 2.0
LOG_SHARE = 0.1

Answer = TypeVar("Answer")


# Names


def join(uri: str, *names: str) -> str:
    """Returns the URI of something inside a folder."""
    return posixpath.join(uri, *names)


def parent(uri: str) -> str:
    """Returns the URI of the folder that something is in; a local one as a plain path."""
    prefix, path = _parts(uri)
    return prefix + (posixpath.dirname(path.rstrip("/") or "/") or ".")


def absolute(uri: str) -> str:
    """Returns a URI that means the same in any working directory; a local one as a plain path."""
    prefix, path = _parts(uri)
    return prefix + path if prefix else os.path.abspath(path)


def is_local(uri: str) -> bool:
    """Tells whether a URI names something on this machine's disks."""
    prefix, _ = _parts(uri)
    return not prefix


# Files


def exists(uri: str) -> bool:
    """Tells whether there is a file or a folder."""
    with _at("looked up", uri) as (storage, path):
        return storage.exists(path)


def read(uri: str) -> bytes:
    """Returns a file's bytes."""
    return b"".join(chunks(uri))


def chunks(uri: str) -> Iterator[bytes]:
    """Yields a file's bytes, a few megabytes at a time."""
    with _at("read", uri) as (storage, path):
        yield from storage.read(path)


def write(uri: str, data: bytes) -> None:
    """Writes a file: all of it, or none."""
    with writing(uri) as file:
        file.write(data)


class Writer:
    """A file that is being written."""

    def __init__(self, file: "_File", uri: str):
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
        with _explained("written", self._uri):
            self._file.close()

    def _flush(self) -> None:
        data = bytes(self._waiting)
        self._waiting.clear()
        with _explained("written", self._uri):
            self._file.write(data)


@contextmanager
def writing(uri: str) -> Iterator[Writer]:
    """Writes a file in pieces. It is written beside its place and renamed at the end: never half a file."""
    beside = join(parent(uri), f".{posixpath.basename(uri)}-{uuid.uuid4().hex}")
    file = _create(beside, uri)
    with removed_on_error(beside):
        yield file
        file.close()
        with _at("written", uri) as (storage, path):
            storage.replace(storage_path(beside), path)


class Log:
    """A file of lines that are added one at a time, and that can be read meanwhile.

    HDFS has appending, but refuses it as long as the NameNode has not heard of the last block from a DataNode
    ("lastBlock … is not sufficiently replicated yet"), and a file that is kept open looks empty to many readers.
    There, the lines are kept and written anew as a whole: every two seconds at most, and in no more than a
    tenth of the time.
    """

    def __init__(self, uri: str):
        """Names the file, which should not exist."""
        self._uri = uri
        self._lines: list[bytes] = []
        self._next = 0.0
        self._written = 0

    def add(self, line: bytes) -> None:
        """Adds a line. If HDFS refuses it now, it is written with a later one, or `close` raises."""
        if is_local(self._uri):
            with _at("written", self._uri) as (_, path), open(path, "ab") as file:
                file.write(line + b"\n")
            return
        self._lines.append(line + b"\n")
        begun = time.monotonic()
        if begun < self._next:
            return
        # An error is not lost: the lines are kept, and the last attempt, in `close`, raises it.
        with suppress(StorageError):
            self.close()
        self._next = begun + max(LOG_SECONDS, (time.monotonic() - begun) / LOG_SHARE)

    def close(self) -> None:
        """Writes the lines that are still to be written."""
        if self._written < len(self._lines):
            write(self._uri, b"".join(self._lines))
            self._written = len(self._lines)


# Folders


def make_folder(uri: str) -> None:
    """Makes a folder and those that it is in, where they are missing."""
    with _at("written", uri) as (storage, path):
        storage.make_folder(path)


def names(uri: str) -> list[str]:
    """Returns the names in a folder in order; none if there is no such folder."""
    with _at("read", uri) as (storage, path):
        return sorted(name for name, _ in storage.entries(path))


def check_writable(uri: str) -> None:
    """Makes a folder where it is missing, and a file in it, which is removed again."""
    make_folder(uri)
    probe = join(uri, f".probe-{uuid.uuid4().hex}")
    _create(probe, uri).close()
    remove(probe)


def remove(uri: str) -> None:
    """Removes a file, or a folder with all that is in it; nothing happens if there is none."""
    with _at("removed", uri) as (storage, path):
        storage.remove(path)


def move_folder(source: str, target: str) -> bool:
    """Gives a folder another name on the same storage, in one step.

    Returns:
        False if there is a file or a folder of that name already; then nothing has changed. (On a local disk, an
        empty folder that another process makes in the same moment may be replaced.)
    """
    with _at("written", target) as (storage, path):
        return storage.move_folder(storage_path(source), path)


def copy_folder(source: str, target: str) -> None:
    """Copies a folder to a new one and reads the copy back.

    Raises:
        StorageError: a file of the copy is missing, or has another size or checksum.
    """
    make_folder(target)
    expected = dict(_copied(source, target, ""))
    found = {name: _digest(join(target, name)) for name in _files(target, "")}
    if different := sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name)):
        raise StorageError(
            f"{target} is not what was written: {', '.join(different)} came back with another size or checksum. "
            "Try again; if it stays, check that storage (on HDFS with hdfs fsck)."
        )


@contextmanager
def local_copy(uri: str) -> Iterator[Path]:
    """Gives a folder on a local disk: the folder itself, or else a copy for as long as it is needed."""
    if is_local(uri):
        yield Path(storage_path(uri))
        return
    with TemporaryDirectory(prefix="from-hdfs-") as folder:
        copy_folder(uri, folder)
        yield Path(folder)


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
            error.add_note(str(left))  # what went wrong first is what to mend
        raise


def storage_path(uri: str) -> str:
    """Returns the path that a URI has on its storage."""
    _, path = _parts(uri)
    return path


def _copied(source: str, target: str, folder: str) -> Iterator[tuple[str, tuple[int, str]]]:
    """Copies what is in a folder; yields every file's name with size and checksum."""
    with _at("read", join(source, folder)) as (storage, path):
        entries = storage.entries(path)
    for entry, is_folder in entries:
        name = join(folder, entry)
        if is_folder:
            make_folder(join(target, name))
            yield from _copied(source, target, name)
        else:
            new = join(target, name)
            yield name, _digest(join(source, name), copy=_create(new, new))


def _files(uri: str, folder: str) -> Iterator[str]:
    with _at("read", join(uri, folder)) as (storage, path):
        entries = storage.entries(path)
    for entry, is_folder in entries:
        name = join(folder, entry)
        if is_folder:
            yield from _files(uri, name)
        else:
            yield name


def _digest(uri: str, copy: Writer | None = None) -> tuple[int, str]:
    """Returns a file's size and checksum, and copies it on the way."""
    size, checksum = 0, hashlib.sha256()
    for chunk in chunks(uri):
        size += len(chunk)
        checksum.update(chunk)
        if copy:
            copy.write(chunk)
    if copy:
        copy.close()
    return size, checksum.hexdigest()


def _create(uri: str, meant: str) -> Writer:
    """Begins a new file; messages name the file or folder on the same storage that it is made for."""
    with _at("written", meant) as (storage, _):
        return Writer(storage.create(storage_path(uri)), meant)


# The storages. Paths are their own, errors are as they come.


class _File(Protocol):
    def write(self, data: bytes, /) -> object: ...

    def close(self) -> None: ...


class _Storage(Protocol):
    def exists(self, path: str) -> bool: ...

    def entries(self, path: str) -> list[tuple[str, bool]]:
        """Names in a folder, and whether each is a folder; none if there is no such folder."""

    def make_folder(self, path: str) -> None: ...

    def read(self, path: str) -> Iterator[bytes]: ...

    def create(self, path: str) -> _File:
        """A new file."""

    def replace(self, source: str, target: str) -> None:
        """Renames a file over another one, in one step."""

    def move_folder(self, source: str, target: str) -> bool: ...

    def remove(self, path: str) -> None: ...


class _Local:
    """This machine's disks."""

    def exists(self, path: str) -> bool:
        return os.path.lexists(path)

    def entries(self, path: str) -> list[tuple[str, bool]]:
        try:
            with os.scandir(path) as found:
                return [(entry.name, entry.is_dir()) for entry in found]
        except (FileNotFoundError, NotADirectoryError):
            return []

    def make_folder(self, path: str) -> None:
        os.makedirs(path, exist_ok=True)

    def read(self, path: str) -> Iterator[bytes]:
        with open(path, "rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk

    def create(self, path: str) -> _File:
        return open(path, "xb")

    def replace(self, source: str, target: str) -> None:
        os.replace(source, target)

    def move_folder(self, source: str, target: str) -> bool:
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
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        else:
            Path(path).unlink(missing_ok=True)


class _Hdfs:
    """An HDFS, by hdfs-native. Each object has a connection of its own, so none outlives a fork."""

    def __init__(self, url: str):
        self._client = Client(url, {"dfs.client.failover.max.attempts": str(FAILOVER_ATTEMPTS)})

    def exists(self, path: str) -> bool:
        try:
            _in_time(lambda: self._client.get_file_info(path))
        except (FileNotFoundError, RuntimeError) as error:
            _check_missing(error)
            return False
        return True

    def entries(self, path: str) -> list[tuple[str, bool]]:
        try:
            found = _in_time(lambda: list(self._client.list_status(path)))
        except (FileNotFoundError, RuntimeError) as error:
            _check_missing(error)
            return []
        # A file lists itself.
        return [(posixpath.basename(entry.path), entry.isdir) for entry in found if entry.path != path]

    def make_folder(self, path: str) -> None:
        _in_time(lambda: self._client.mkdirs(path, create_parent=True))

    def read(self, path: str) -> Iterator[bytes]:
        file = _in_time(lambda: self._client.read(path))
        while chunk := _in_time(lambda: file.read(CHUNK)):
            yield chunk

    def create(self, path: str) -> _File:
        return _HdfsFile(self._client, path)

    def replace(self, source: str, target: str) -> None:
        _in_time(lambda: self._client.rename(source, target, overwrite=True))

    def move_folder(self, source: str, target: str) -> bool:
        try:
            _in_time(lambda: self._client.rename(source, target, overwrite=False))
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
        _in_time(lambda: self._client.delete(path, recursive=True))


def _check_missing(error: Exception) -> None:
    """Raises an error that says something else than that there is no such path, or only below a file."""
    if not isinstance(error, FileNotFoundError) and "is not a directory" not in str(error):
        raise error


class _HdfsFile:
    """A new file on HDFS."""

    def __init__(self, client: Client, path: str):
        # The inner writer, because the outer one closes itself when it is collected, and waits for a dead HDFS.
        self._file = _in_time(lambda: client.inner.create(path, WriteOptions(overwrite=False)))

    def write(self, data: bytes) -> None:
        _in_time(lambda: self._file.write(data))

    def close(self) -> None:
        _in_time(self._file.close)


def _in_time(ask: Callable[[], Answer]) -> Answer:
    """Asks HDFS, for hdfs-native may wait for ever.

    Raises:
        TimeoutError: there was no answer in time.
    """
    answers: list[Answer] = []
    errors: list[Exception] = []

    def run() -> None:
        try:
            answers.append(ask())
        except Exception as error:  # noqa: BLE001 - raised again below
            errors.append(error)

    thread = threading.Thread(target=run, name="hdfs", daemon=True)
    thread.start()
    thread.join(ANSWER_SECONDS)
    if errors:
        raise errors[0]
    if not answers:
        raise TimeoutError(f"no answer in {ANSWER_SECONDS:.0f} s")
    return answers[0]


_LOCAL = _Local()
_URI = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]+):(?=/)(?://(?P<authority>[^/]*))?(?P<path>/.*)?", re.DOTALL)


def _parts(uri: str) -> tuple[str, str]:
    """Scheme and authority, which are empty for a local path, and the path."""
    match = _URI.fullmatch(uri)
    if match is None:
        return "", uri
    scheme, authority, path = match["scheme"], match["authority"], match["path"]
    if scheme == "file" and authority in (None, "", "localhost") and path:
        return "", path
    if scheme in ("hdfs", "viewfs") and authority is not None:
        return f"{scheme}://{authority}", "/" + posixpath.normpath(path or "/").strip("/")
    raise StorageError(
        f"{uri} cannot be used: it is neither a local path nor file:///path, hdfs://host:port/path, "
        "hdfs://nameservice/path or hdfs:///path. Name one of these."
    )


@contextmanager
def _at(participle: str, uri: str) -> Iterator[tuple[_Storage, str]]:
    """Finds the storage of a URI and the path on it, and explains what fails there."""
    with _explained(participle, uri):
        prefix, path = _parts(uri)
        yield (_Hdfs(prefix) if prefix else _LOCAL), path


# Explanations

_REMEDIES = (
    (
        r"AccessControlException|AuthorizationException|Permission denied",
        "Choose a place that you may use, or ask its owner for the permission.",
    ),
    (
        "SafeModeException",
        "HDFS is in safe mode: wait until it has left it (hdfs dfsadmin -safemode wait), and ask its administrator if "
        "it does not.",
    ),
    (
        "No NameNode hosts found",
        "Set HADOOP_CONF_DIR to the folder whose hdfs-site.xml names the NameNodes of this nameservice, or write "
        "hdfs://host:port/path.",
    ),
    (
        r"No fs\.defaultFS setting",
        "Set HADOOP_CONF_DIR to the folder whose core-site.xml has fs.defaultFS, or write hdfs://host:port/path.",
    ),
    ("QuotaExceeded", "Remove what is not needed there, or ask for a larger quota."),
    ("SASL|GSSAPI", "Get a Kerberos ticket (kinit), or use --principal and --keytab."),
    ("could only be written to 0 of", "HDFS has no DataNode with room: see hdfs dfsadmin -report."),
)

_UNREACHABLE = (
    ("Connection refused", "Is the NameNode running, and is this its RPC port (see fs.defaultFS in core-site.xml)?"),
    (
        "lookup address|Name or service not known",
        "There is no such host: mend the URI, or the Hadoop configuration in HADOOP_CONF_DIR.",
    ),
    ("no answer in|timed? ?out", "Is HDFS healthy (hdfs dfsadmin -report), and can this machine reach all of it?"),
    ("StandbyException", "None of the NameNodes is active: see hdfs haadmin -getAllServiceState."),
    (
        "Connection (reset|aborted)|RPC listener disconnected",
        "A daemon of HDFS has gone: see hdfs dfsadmin -report, and its log.",
    ),
)

_RPC_ERROR = re.compile(r'\w+\("(?P<kind>[\w.$]+)", "(?P<message>.*?)(?:\\n.*)?"\)', re.DOTALL)


@contextmanager
def _explained(participle: str, uri: str) -> Iterator[None]:
    """Makes what the storages raise an error that says what has failed, why, and what to do."""
    try:
        yield
    except (OSError, RuntimeError) as error:
        text = f"{type(error).__name__} {error}"
        problem = f"{uri} cannot be {participle}: {_reason(error).rstrip('.')}."
        for kind, remedies in ((UnreachableError, _UNREACHABLE), (StorageError, _REMEDIES)):
            for pattern, remedy in remedies:
                if re.search(pattern, text, re.IGNORECASE):
                    raise kind(f"{problem} {remedy}") from error
        raise StorageError(problem) from error


def _reason(error: OSError | RuntimeError) -> str:
    """What an error says, without the NameNode's stack."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if match := _RPC_ERROR.fullmatch(str(error)):
        kind, message = match["kind"].rpartition(".")[2], match["message"].replace('\\"', '"')
        return f"{kind}: {message}"
    return str(error).partition("\n")[0]

"""Folders: made, listed, copied and moved whole."""

import hashlib
import posixpath
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from storage.backend import at
from storage.errors import StorageError
from storage.files import Writer, chunks, create, exists, remove, size
from storage.side_by_side import side_by_side
from storage.uris import is_local, join, path_of


def make_folder(uri: str) -> None:
    """Makes a folder and those that it is in, where they are missing."""
    with at("written", uri) as (backend, path):
        backend.make_folder(path)


def names(uri: str) -> list[str]:
    """Returns the names in a folder in order; none if there is no such folder."""
    with at("read", uri) as (backend, path):
        return sorted(name for name, _ in backend.entries(path))


def folder_size(uri: str) -> int:
    """Returns the bytes of all files in a folder and those below it; 0 if there is no such folder."""
    return sum(size(join(uri, name)) or 0 for name in _files(uri))


def check_writable(uri: str) -> None:
    """Makes a folder where it is missing, and a file in it, which is removed again."""
    make_folder(uri)
    probe = join(uri, f".probe-{uuid.uuid4().hex}")
    create(probe, uri).close()
    remove(probe)


def move_folder(source: str, target: str) -> bool:
    """Gives a folder another name on the same storage, in one step.

    Returns:
        False if there is a file or a folder of that name already; then nothing has changed. (On a local disk, an
        empty folder that another process makes in the same moment may be replaced.)
    """
    with at("written", target) as (backend, path):
        return backend.move_folder(path_of(source), path)


def copy_folder(source: str, target: str) -> None:
    """Copies a folder to a new one and reads the copy back.

    Raises:
        StorageError: a file of the copy is missing, or has another size or checksum.
    """
    make_folder(target)
    entries = list(_entries(source, ""))
    for name, is_folder in entries:
        if is_folder:
            make_folder(join(target, name))

    def copied(name: str) -> tuple[int, str]:
        new = join(target, name)
        return _digest(join(source, name), copy=create(new, new))

    expected = _of_each(copied, (name for name, is_folder in entries if not is_folder))
    found = _of_each(lambda name: _digest(join(target, name)), _files(target))
    if different := sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name)):
        raise StorageError(
            f"{target} is not what was written: {', '.join(different)} came back with another size or checksum.",
            "Try again; if it stays, check that storage (on HDFS with hdfs fsck).",
        )


@contextmanager
def local_copy(uri: str) -> Iterator[Path]:
    """Gives a folder or a file on a local disk: itself, or else a copy of the same name for as long as it is needed.

    Raises:
        StorageError: it is on HDFS, and is not there or cannot be read.
    """
    if is_local(uri):
        yield Path(path_of(uri))
        return
    with TemporaryDirectory(prefix="from-hdfs-") as folder:
        copy = Path(folder, posixpath.basename(path_of(uri)))
        if size(uri) is not None:
            _digest(uri, copy=create(str(copy), str(copy)))
        elif exists(uri):
            copy_folder(uri, str(copy))
        else:
            raise StorageError(f"{uri} cannot be read: there is no such file or folder.", "Check the path.")
        yield copy


def _of_each(ask: Callable[[str], tuple[int, str]], files: Iterable[str]) -> dict[str, tuple[int, str]]:
    files = list(files)
    return dict(zip(files, side_by_side(ask, files), strict=True))


def _files(uri: str) -> Iterator[str]:
    """The files of a folder and of those below it, by their names from there."""
    return (name for name, is_folder in _entries(uri, "") if not is_folder)


def _entries(uri: str, folder: str) -> Iterator[tuple[str, bool]]:
    """Names of what is in a folder and below it, and whether each is a folder; a folder comes before what it holds."""
    with at("read", join(uri, folder)) as (backend, path):
        entries = backend.entries(path)
    for entry, is_folder in entries:
        name = join(folder, entry)
        yield name, is_folder
        if is_folder:
            yield from _entries(uri, name)


def _digest(uri: str, copy: Writer | None = None) -> tuple[int, str]:
    """Returns a file's size and checksum, and copies it on the way."""
    length, checksum = 0, hashlib.sha256()
    for chunk in chunks(uri):
        length += len(chunk)
        checksum.update(chunk)
        if copy:
            copy.write(chunk)
    if copy:
        copy.close()
    return length, checksum.hexdigest()

"""Folders: made, listed, copied and moved whole."""

import hashlib
import posixpath
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from storage.backend import at
from storage.errors import StorageError
from storage.files import Writer, chunks, create, exists, remove, size
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
    return sum(size(join(uri, name)) or 0 for name in _files(uri, ""))


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
    expected = dict(_copied(source, target, ""))
    found = {name: _digest(join(target, name)) for name in _files(target, "")}
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


def _copied(source: str, target: str, folder: str) -> Iterator[tuple[str, tuple[int, str]]]:
    """Copies what is in a folder; yields every file's name with size and checksum."""
    with at("read", join(source, folder)) as (backend, path):
        entries = backend.entries(path)
    for entry, is_folder in entries:
        name = join(folder, entry)
        if is_folder:
            make_folder(join(target, name))
            yield from _copied(source, target, name)
        else:
            new = join(target, name)
            yield name, _digest(join(source, name), copy=create(new, new))


def _files(uri: str, folder: str) -> Iterator[str]:
    with at("read", join(uri, folder)) as (backend, path):
        entries = backend.entries(path)
    for entry, is_folder in entries:
        name = join(folder, entry)
        if is_folder:
            yield from _files(uri, name)
        else:
            yield name


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

"""URIs: which storage one names, and which path on it."""

import os
import posixpath
import re

from storage.errors import StorageError

_URI = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]+):(?=/)(?://(?P<authority>[^/]*))?(?P<path>/.*)?", re.DOTALL)


def join(uri: str, *names: str) -> str:
    """Returns the URI of something inside a folder."""
    return posixpath.join(uri, *names)


def parent(uri: str) -> str:
    """Returns the URI of the folder that something is in; a local one as a plain path."""
    prefix, path = parts(uri)
    return prefix + (posixpath.dirname(path.rstrip("/") or "/") or ".")


def absolute(uri: str) -> str:
    """Returns a URI that means the same in any working directory; a local one as a plain path."""
    prefix, path = parts(uri)
    return prefix + path if prefix else os.path.abspath(path)


def is_local(uri: str) -> bool:
    """Tells whether a URI names something on this machine's disks."""
    prefix, _ = parts(uri)
    return not prefix


def path_of(uri: str) -> str:
    """Returns the path that a URI has on its storage."""
    _, path = parts(uri)
    return path


def parts(uri: str) -> tuple[str, str]:
    """Returns scheme and authority, which are empty for a local path, and the path.

    Raises:
        StorageError: it is of no storage that there is.
    """
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
        "hdfs://nameservice/path or hdfs:///path.",
        "Name one of these.",
    )

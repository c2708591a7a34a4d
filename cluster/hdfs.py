"""HDFS from the gateway, without a JVM."""

import getpass
import os
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, BinaryIO, TypeVar

import hdfs_native

from cluster.errors import HdfsError

CHUNK = 4 << 20
SETTINGS = {"dfs.client.failover.max.attempts": "5"}
"""A NameNode is tried for about 20 s; with hdfs-native's 15 attempts it takes three minutes to refuse."""

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Folder:
    """A folder on HDFS."""

    uri: str
    """As Spark takes it: hdfs://nameservice/path, or hdfs:///path on the default one."""

    @property
    def path(self) -> str:
        """The path alone; empty for the root, so that /name can follow."""
        return _parts(self.uri)[1].rstrip("/")

    def __truediv__(self, name: str) -> "Folder":
        return Folder(f"{self.uri.rstrip('/')}/{name}")

    def __str__(self) -> str:
        return self.uri

    def make(self) -> None:
        """Makes the folder and those above it where they are missing.

        Raises:
            HdfsError: it cannot be written.
        """
        probe = f"{self.path}/.{uuid.uuid4().hex}"

        def make(client: Any) -> None:
            client.mkdirs(self.path, create_parent=True)
            client.create(probe).close()
            client.delete(probe)

        self._do("be written", make)

    def size(self, name: str) -> int | None:
        """Returns a file's size; None where there is none."""

        def size(client: Any) -> int | None:
            try:
                return int(client.get_file_info(f"{self.path}/{name}").length)
            except FileNotFoundError:
                return None

        return self._do("be read", size)

    def remove(self, name: str) -> None:
        """Removes a file, if it is there."""
        self._do("be written", lambda client: client.delete(f"{self.path}/{name}"))

    def read(self, name: str, offset: int = 0) -> bytes:
        """Returns a file's bytes from an offset; none where there is no such file."""

        def read(client: Any) -> bytes:
            try:
                file = client.read(f"{self.path}/{name}")
                return bytes(file.read_range(offset, file.size - offset)) if file.size > offset else b""
            except FileNotFoundError:
                return b""

        return self._do("be read", read)

    def put(self, name: str, content: BinaryIO) -> int:
        """Writes a file beside and renames it, so that it is never there by half; returns its size.

        A file of the name that somebody else has put there meanwhile stays.
        """
        beside = f"{self.path}/.{name}.{uuid.uuid4().hex}"

        def put(client: Any) -> int:
            written = 0
            try:
                with client.create(beside) as file:
                    while chunk := content.read(CHUNK):
                        file.write(chunk)
                        written += len(chunk)
                client.rename(beside, f"{self.path}/{name}")
            except FileExistsError:
                pass  # as good as ours
            finally:
                client.delete(beside)
            return written

        return self._do("be written", put)

    def _do(self, what: str, action: Callable[[Any], Answer]) -> Answer:
        """Does something with a client of this HDFS; what fails is told in one line."""
        nameservice = _parts(self.uri)[0]
        try:
            return action(hdfs_native.Client(f"{nameservice}/", SETTINGS))
        except (OSError, RuntimeError) as error:  # what hdfs-native raises
            reason = _reason(str(error))
            raise HdfsError(
                f"{self.uri} cannot {what}: {reason}.",
                f"Choose a folder that can, and check HADOOP_CONF_DIR (now {os.environ.get('HADOOP_CONF_DIR')!r}) and "
                "the Kerberos ticket, if there has to be one.",
            ) from error


def folder(name: str, principal: str | None = None) -> Folder:
    """Returns a folder by its hdfs:// URI, its path, or its path from the user's home.

    Raises:
        HdfsError: it is on another file system.
    """
    if re.match("hdfs://[^/]*/", name):
        return Folder(name.rstrip("/"))
    if re.match("[a-z0-9+]+:", name):
        raise HdfsError(f"A folder on HDFS is a path or an hdfs:// URI. Received: {name!r}")
    return Folder(f"hdfs://{PurePosixPath('/user', _user(principal), name)}")


def _reason(message: str) -> str:
    """Returns the first line of a NameNode's answer, which comes with a stack trace in Rust's notation."""
    found = re.search(r'RPCError\("[\w.$]+", "(.*?)(?:\\n|"\))', message)
    return (found[1] if found else message.splitlines()[0]).replace('\\"', "")


def _parts(uri: str) -> tuple[str, str]:
    """Splits hdfs://nameservice/path before the path; nothing in it is decoded, as in Hadoop."""
    start = uri.index("/", len("hdfs://"))
    return uri[:start], uri[start:]


def _user(principal: str | None) -> str:
    if principal:
        return principal.partition("@")[0].partition("/")[0]
    return os.environ.get("HADOOP_USER_NAME") or getpass.getuser()

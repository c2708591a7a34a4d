"""Folders on HDFS as a user names them."""

import getpass
import os
import re
from pathlib import PurePosixPath

from cluster.errors import LaunchError


def on_hdfs(name: str, principal: str | None = None) -> str:
    """Returns the hdfs:// URI of a folder, given by it, by its path, or by its path from the user's home.

    Raises:
        LaunchError: it is on another file system.
    """
    if re.match("hdfs://[^/]*/", name):
        return name.rstrip("/")
    if re.match("[a-z0-9+]+:", name):
        raise LaunchError(f"A folder on HDFS is a path or an hdfs:// URI. Received: {name!r}")
    return f"hdfs://{PurePosixPath('/user', _user(principal), name)}"


def _user(principal: str | None) -> str:
    if principal:
        return principal.partition("@")[0].partition("/")[0]
    return os.environ.get("HADOOP_USER_NAME") or getpass.getuser()

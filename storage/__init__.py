"""Files and folders by URI, on local disks and on HDFS, without a JVM; every request to HDFS is bounded.

A URI is a local path ("runs/x", "/a/b", "file:///a/b"), or "hdfs://host:port/a", "hdfs://nameservice/a" and
"hdfs:///a" with the NameNodes and the default of the Hadoop configuration in HADOOP_CONF_DIR. Characters stand for
themselves: nothing is decoded, as in Hadoop. Whatever fails raises a `StorageError`.
"""

from storage.errors import OutageError, StorageError, UnreachableError
from storage.files import Writer, chunks, exists, put, read, remove, removed_on_error, size, write, write_all, writing
from storage.folders import (
    check_writable,
    copy_folder,
    folder_size,
    local_copy,
    make_folder,
    move_folder,
    names,
)
from storage.log import Log, LogReader
from storage.outages import outlasting
from storage.seekable import opened
from storage.uris import absolute, is_local, join, parent, path_of

__all__ = [
    "Log",
    "LogReader",
    "OutageError",
    "StorageError",
    "UnreachableError",
    "Writer",
    "absolute",
    "check_writable",
    "chunks",
    "copy_folder",
    "exists",
    "folder_size",
    "is_local",
    "join",
    "local_copy",
    "make_folder",
    "move_folder",
    "names",
    "opened",
    "outlasting",
    "parent",
    "path_of",
    "put",
    "read",
    "remove",
    "removed_on_error",
    "size",
    "write",
    "write_all",
    "writing",
]

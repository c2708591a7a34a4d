"""HDFS: what a launch puts there can be written and read."""

import io
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import TypeVar

from cluster import hdfs
from cluster.doctor.finding import Finding, failed, ok
from cluster.errors import HdfsError
from cluster.profile import Profile

SECONDS = 35.0
"""What HDFS may take; a NameNode that cannot be reached is told of before."""
CONTENT = b"textcnn doctor\n"

Answer = TypeVar("Answer")


def findings(profile: Profile) -> Iterator[Finding]:
    """Writes a file in the folder of what the nodes need, reads it and removes it."""
    folder = hdfs.folder(profile.staging, profile.principal)
    begun = time.monotonic()
    read = within(SECONDS, str(folder), lambda: _probe(folder))
    if read == CONTENT:
        yield ok("HDFS", f"{folder} can be written and read, {time.monotonic() - begun:.1f} s")
    else:
        found = f"{folder}: {len(CONTENT)} bytes were written, and {len(read)} others read"
        yield failed("HDFS", found, "See what the logs of the DataNodes say.")


def within(seconds: float, uri: str, action: Callable[[], Answer]) -> Answer:
    """Does something on HDFS in a thread that can be left behind: hdfs-native waits for ever for one that is silent.

    Raises:
        HdfsError: time is up, or what the action raises.
    """
    future: Future[Answer] = Future()

    def act() -> None:
        try:
            future.set_result(action())
        except HdfsError as error:
            future.set_exception(error)

    threading.Thread(target=act, name="hdfs", daemon=True).start()
    try:
        return future.result(seconds)
    except TimeoutError:
        raise HdfsError(
            f"{uri}: no answer within {seconds:.0f} s.",
            "See whether fs.defaultFS in core-site.xml is the right NameNode, and what the logs of HDFS say.",
        ) from None


def _probe(folder: hdfs.Folder) -> bytes:
    name = f"doctor-{uuid.uuid4().hex}"
    folder.make()
    folder.put(name, io.BytesIO(CONTENT))
    try:
        return folder.read(name)
    finally:
        folder.remove(name)

"""HDFS: what a launch puts there can be written and read."""

import time
import uuid
from collections.abc import Iterator

import storage
from cluster.doctor.finding import Finding, failed, ok
from cluster.yarn.uris import on_hdfs
from run.profile import Profile
from storage.errors import explained
from storage.hdfs import in_time

SECONDS = 35.0
"""What HDFS may take; a NameNode that cannot be reached is told of before."""
CONTENT = b"textcnn doctor\n"


def findings(profile: Profile) -> Iterator[Finding]:
    """Writes a file in the folder of what the nodes need, reads it and removes it."""
    folder = on_hdfs(profile.staging, profile.principal)
    begun = time.monotonic()
    with explained("written", folder):
        read = in_time(lambda: _probe(folder), SECONDS)
    if read == CONTENT:
        yield ok("HDFS", f"{folder} can be written and read, {time.monotonic() - begun:.1f} s")
    else:
        found = f"{folder}: {len(CONTENT)} bytes were written, and {len(read)} others read"
        yield failed("HDFS", found, "See what the logs of the DataNodes say.")


def _probe(folder: str) -> bytes:
    file = storage.join(folder, f"doctor-{uuid.uuid4().hex}")
    storage.check_writable(folder)
    storage.write(file, CONTENT)
    try:
        return storage.read(file)
    finally:
        storage.remove(file)

"""One worker's process at a time on an executor: what an earlier attempt has left there is ended first.

A worker that has lost a peer may hang in TensorFlow, or be stopped: its executor lives on, and the next attempt's
worker needs its memory, its disk and its GPU.
"""

import fcntl
import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

LOCK = Path("worker.lock")
"""Held by a worker's process as long as it lives, whatever ends it; says which process it is."""
SPOOL = "spool-"
"""What the names of its scratch folders begin with."""


@contextmanager
def ended() -> Iterator[None]:
    """Ends the process that holds the lock of this working directory, removes its scratch folders, takes the lock."""
    with LOCK.open("a+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            with suppress(ProcessLookupError):  # it has just ended
                os.kill(int(file.read()), signal.SIGKILL)
            fcntl.flock(file, fcntl.LOCK_EX)  # a process that is killed gives its locks back
        file.truncate(0)
        file.write(b"%d" % os.getpid())
        file.flush()
        for left in Path().glob(f"{SPOOL}*"):
            shutil.rmtree(left)
        yield
    LOCK.unlink(missing_ok=True)

"""A feed task: gives its worker the blocks, and then watches over it until it is done."""

import os
import select
import time
from collections.abc import Callable, Iterable

from run.events import Acknowledged, Event, Failed, Finished, Spooled, Started
from spark_driver.errors import WorkerError
from spark_driver.tfos import WorkerChannel

WINDOW = 16
"""Blocks on the way that the worker has not yet written down: what bounds the memory between the two."""
POLL_SECONDS = 1.0
"""How often a silent worker's process is looked at."""
START_SECONDS = 120.0
"""How long a worker's process may take until its first word."""
ECHO_SECONDS = 10.0
"""How long a worker that has lost a peer is held back, so that the peer's own error comes first."""

DIED = (
    "its process has ended without a word, as after SIGKILL. The kernel kills a process that takes too much memory: "
    "see the executor's log, and raise spark.executor.memoryOverhead"
)


class Supervisor:
    """A worker as its feed task sees it."""

    def __init__(self, channel: WorkerChannel, tell: Callable[[Event], None]):
        """Takes the way to the worker, and whom to tell every event but acknowledgements."""
        self._channel = channel
        self._tell = tell
        self._worker = -1
        self._process: int | None = None
        self._deadline = time.monotonic() + START_SECONDS

    def feed(self, blocks: Iterable[bytes]) -> None:
        """Gives the worker all blocks, never more than `WINDOW` ahead of its disk, and waits until all are there."""
        on_the_way = 0
        for block in blocks:
            self._channel.put(block)
            on_the_way += 1
            while on_the_way >= WINDOW:
                on_the_way -= isinstance(self._next(), Acknowledged)
        self._channel.end()
        while not isinstance(event := self._next(), Spooled):
            on_the_way -= isinstance(event, Acknowledged)
        if on_the_way:
            raise WorkerError(f"worker {event.worker} has not written down {on_the_way} of the blocks it was fed")

    def watch(self) -> None:
        """Returns when the worker has done all it had to."""
        while not isinstance(self._next(), Finished):
            pass

    def _next(self) -> Event | None:
        """Returns the worker's next event, or None while it is at work.

        Raises:
            WorkerError: it failed, or its process is gone.
        """
        event = self._channel.event(POLL_SECONDS)
        if event is None:
            if not self._ended():
                return None
            # Its last words may have crossed with its end.
            event = self._channel.event(POLL_SECONDS) or Failed(self._worker, DIED, traceback="", lost_peer=False)
        if isinstance(event, Started):
            self._worker, self._process = event.worker, os.pidfd_open(event.pid)
        if not isinstance(event, Acknowledged):
            self._tell(event)
        if isinstance(event, Failed):
            if event.lost_peer:
                self._channel.event(ECHO_SECONDS)  # this worker says nothing more
            raise WorkerError(f"worker {event.worker} failed: {event.error}\n{event.traceback}")
        return event

    def _ended(self) -> bool:
        if self._process is not None:
            return bool(select.select([self._process], [], [], 0)[0])
        if time.monotonic() > self._deadline:
            raise WorkerError(f"a worker's process has said nothing within {START_SECONDS:.0f} s; see its log")
        return False

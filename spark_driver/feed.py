"""A feed task: gives its worker the blocks, and then watches over it until it is done."""

import time
from collections.abc import Iterable
from typing import Protocol

from run.events import Acknowledged, Alive, Event, Failed, Finished, Spooled
from spark_driver.errors import WorkerError
from spark_driver.liveness import WorkerProcess
from spark_driver.tfos import WorkerChannel

WINDOW = 16
"""Blocks on the way that the worker has not yet written down: what bounds the memory between the two."""
POLL_SECONDS = 1.0
"""How often a silent worker's process is looked at."""
ECHO_SECONDS = 20.0
"""How long a worker that has lost a peer is held back, so that what is wrong with the peer is told first."""


class Driver(Protocol):
    """The driver as a feed task sees it."""

    def tell(self, event: Event) -> None:
        """Tells the driver an event."""

    def asked_for_checkpoint(self) -> bool:
        """Tells whether the driver has asked for a checkpoint since this was asked last."""


class Supervisor:
    """A worker as its feed task sees it."""

    def __init__(self, channel: WorkerChannel, driver: Driver, stall_seconds: float):
        """Takes the way to the worker, that to the driver, and how long the worker may make no progress."""
        self._channel = channel
        self._driver = driver
        self._process = WorkerProcess(stall_seconds)

    def feed(self, blocks: Iterable[bytes]) -> None:
        """Gives the worker all blocks, never more than `WINDOW` ahead of its disk, and waits until all are there."""
        on_the_way = 0
        for block in blocks:
            self._channel.put(block)
            self._process.given_work()
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
        self._channel.close()

    def _next(self) -> Event | None:
        """Returns the worker's next event, or None while it is at work.

        Raises:
            WorkerError: it failed, it hangs, or its process is gone.
        """
        event = self._channel.event(POLL_SECONDS) or self._last_words()
        if event is not None:
            self._process.heard(event)
        if isinstance(event, Acknowledged):  # by far the most; what else there is, the next heartbeat shows
            return event
        if self._driver.asked_for_checkpoint():
            self._process.ask_for_checkpoint()
        if not isinstance(event, Failed | Finished) and (problem := self._process.problem()):
            event = self._failed(problem, self._process.stacks())
        if event is not None and not isinstance(event, Alive):
            self._driver.tell(event)
        if isinstance(event, Failed):
            if event.lost_peer:
                time.sleep(ECHO_SECONDS)  # Spark ends all tasks when the peer's has told what is wrong with it
            self._channel.close()
            raise WorkerError(f"worker {event.worker} failed: {event.error}\n{event.traceback}")
        return event

    def _last_words(self) -> Event | None:
        """Returns what the worker has said, or is to be said, at its end; None while its process lives."""
        closed = self._channel.ended
        if not (self._process.ended(POLL_SECONDS if closed else 0.0) or (closed and not self._process.began)):
            return None
        # Its last words may have crossed with its end.
        return self._channel.event(POLL_SECONDS) or self._failed(self._process.death())

    def _failed(self, said: str, stacks: str = "") -> Failed:
        """The failure of a worker that does not tell of it itself."""
        return Failed(self._channel.worker, said, stacks, lost_peer=False)

"""What the driver knows of the workers, event by event: for the result, for its metrics, for the terminal."""

import time
from collections.abc import Callable

from run.events import EpochDone, Event, Failed, Joined, Published, Spooled, Tested
from run.splits import Split


class Monitor:
    """Takes the workers' events in; what all of them know is told by the chief alone."""

    def __init__(
        self,
        workers: int,
        show: Callable[[Event], None],
        record: Callable[[Event], None],
        fed: Callable[[], object] = lambda: None,
    ):
        """Takes what shows and what records the events, and what is to be done when all workers have been fed."""
        self._workers = workers
        self._show = show
        self._record = record
        self._fed = fed
        self.joined: dict[int, Joined] = {}
        self.spooled: dict[int, dict[Split, int]] = {}
        self.epochs: list[EpochDone] = []
        self.tested: Tested | None = None
        self.published: Published | None = None
        self.failures: list[Failed] = []
        self.fed_at: float | None = None

    def handle(self, event: Event) -> None:
        """Takes an event in."""
        if isinstance(event, Joined):
            self.joined[event.worker] = event
        elif isinstance(event, Spooled):
            self.spooled[event.worker] = event.documents
            self.fed_at = time.monotonic()
            if len(self.spooled) == self._workers:
                self._fed()
        elif isinstance(event, Failed):
            self.failures.append(event)
        elif isinstance(event, EpochDone):
            self.epochs.append(event)
        elif isinstance(event, Tested):
            self.tested = event
        elif isinstance(event, Published):
            self.published = event
        self._show(event)
        self._record(event)

    @property
    def cause(self) -> Failed | None:
        """The failure that came first and is no echo of another's."""
        return next((f for f in self.failures if not f.lost_peer), self.failures[0] if self.failures else None)

    def spooled_documents(self, split: Split) -> int:
        """Documents of a split on the workers' disks."""
        return sum(documents[split] for documents in self.spooled.values())

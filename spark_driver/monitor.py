"""What the driver knows of the workers, event by event: for the result, for its metrics, for the terminal."""

import threading
import time
from collections.abc import Callable, Iterable

from run.events import Checkpointed, EpochDone, Event, Failed, Joined, Progress, Published, Resumed, Spooled, Tested
from run.splits import Split


class Monitor:
    """Takes the workers' events in; what all of them know is told by the chief alone."""

    def __init__(
        self,
        workers: int,
        tell: Callable[[Event], None],
        fed: Callable[[], object] = lambda: None,
        before: "Monitor | None" = None,
        epochs: Iterable[EpochDone] = (),
    ):
        """Takes what to do with events.

        Args:
            workers: how many there are.
            tell: shows and records an event.
            fed: what is to be done when all workers have been fed.
            before: what is known of the workers before a restart; their epochs count.
            epochs: what an earlier run has trained that this one goes on from.
        """
        self._workers = workers
        self._tell = tell
        self._fed = fed
        self.restarts: int = before.restarts + 1 if before else 0
        self.joined: dict[int, Joined] = {}
        self.spooled: dict[int, dict[Split, int]] = {}
        self.epochs: dict[int, EpochDone] = dict(before.epochs) if before else {done.epoch: done for done in epochs}
        """By their numbers; one that is trained again from a checkpoint counts as it is then."""
        self.tested: Tested | None = None
        self.published: Published | None = None
        self.failures: list[Failed] = []
        self.training = False
        """Whether the workers make steps, between which they can write a checkpoint."""
        self.checkpointed = threading.Event()
        """Set when a checkpoint is written, and when none will be any more."""
        self._begun = time.monotonic()
        self._fed_at: float | None = None

    def feeding(self) -> None:
        """Begins to measure how long it takes to feed the workers."""
        self._begun = time.monotonic()

    @property
    def feed_seconds(self) -> float | None:
        """How long it took until the last block was on a disk; None before that."""
        return self._fed_at - self._begun if self._fed_at else None

    def handle(self, event: Event) -> None:
        """Takes an event in."""
        if isinstance(event, Joined):
            self.joined[event.worker] = event
        elif isinstance(event, Spooled):
            self.spooled[event.worker] = event.documents
            self._fed_at = time.monotonic()
            if len(self.spooled) == self._workers:
                self._fed()
        elif isinstance(event, Failed):
            self.failures.append(event)
            self.checkpointed.set()
        elif isinstance(event, Progress):
            self.training = True
        elif isinstance(event, Checkpointed):
            self.checkpointed.set()
        elif isinstance(event, Resumed):
            self.epochs = {number: done for number, done in self.epochs.items() if number < event.epoch}
        elif isinstance(event, EpochDone):
            if self.epochs.get(event.epoch) == event:
                return  # a training that goes on tells all that its checkpoint knows
            self.epochs[event.epoch] = event
        elif isinstance(event, Tested):
            self.tested, self.training = event, False
            self.checkpointed.set()
        elif isinstance(event, Published):
            self.published = event
        self._tell(event)

    @property
    def cause(self) -> Failed | None:
        """The failure that came first and is no echo of another's."""
        return next((f for f in self.failures if not f.lost_peer), self.failures[0] if self.failures else None)

    def spooled_documents(self, split: Split) -> int:
        """Documents of a split on the workers' disks."""
        return sum(documents[split] for documents in self.spooled.values())

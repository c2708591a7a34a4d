"""How a trial does while it runs, and its end where it is given up."""

import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from enum import Enum
from types import TracebackType

import storage
from run import folder
from run.config import Metric
from run.events import EpochDone, from_json
from storage import LogReader, StorageError

POLL_SECONDS = 1.0


class Verdict(Enum):
    """Why a trial was ended before it was done."""

    PRUNED = "it did worse than the trials before it at the same epoch"
    LATE = "the time is over"


class Figures:
    """The validation figures of a run's epochs, read from its metrics."""

    def __init__(self, out: str, metric: Metric):
        """Takes the run's folder, in which no other run has been, and what makes an epoch the best."""
        self._metrics = storage.join(out, folder.METRICS)
        self._metric = metric
        self._reader: LogReader | None = None
        self.by_epoch: dict[int, float] = {}

    def new(self) -> Iterator[tuple[int, float]]:
        """Yields epoch and figure of what has been validated since the last time."""
        if self._reader is None and (names := storage.names(self._metrics)):
            self._reader = LogReader(storage.join(self._metrics, names[0].removesuffix(".parts")))
        for line in self._reader.lines() if self._reader else ():
            event = from_json(line)
            if not isinstance(event, EpochDone) or event.epoch in self.by_epoch:
                continue  # after a restart, workers train an epoch again
            figure = self._of(event)
            if figure is not None:
                self.by_epoch[event.epoch] = figure
                yield event.epoch, figure

    def _of(self, event: EpochDone) -> float | None:
        figures = {
            "accuracy": event.validation_accuracy,
            "macro_f1": event.validation_macro_f1,
            "loss": event.validation_loss,
        }
        return figures[self._metric]


class Watch:
    """Looks at a run's figures while the main thread waits for its end, and ends it as Ctrl-C does."""

    def __init__(
        self,
        figures: Figures,
        hopeless: Callable[[int, float], bool],
        deadline: float | None,
        received: Sequence[signal.Signals],
    ):
        """Takes what to look at.

        Args:
            figures: of the run.
            hopeless: is told epoch and figure, and tells whether the run is to be given up.
            deadline: when to end the run at the latest, in the seconds of time.monotonic.
            received: the signals that a person has sent; after one of those the run is being ended.
        """
        self._figures = figures
        self._hopeless = hopeless
        self._deadline = deadline
        self._received = received
        self._before = len(received)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, name="watch", daemon=True)
        self.verdict: Verdict | None = None

    @property
    def interrupted(self) -> bool:
        """Whether a person's signal has ended the run."""
        return self.verdict is None and len(self._received) > self._before

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(POLL_SECONDS):
            verdict = self._judged()
            if verdict and len(self._received) == self._before:
                self.verdict = verdict
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)
                return

    def _judged(self) -> Verdict | None:
        if self._deadline is not None and time.monotonic() >= self._deadline:
            return Verdict.LATE
        with suppress(StorageError):  # what cannot be read now is read the next time, and once more after the end
            for epoch, figure in self._figures.new():
                if self._hopeless(epoch, figure):
                    return Verdict.PRUNED
        return None

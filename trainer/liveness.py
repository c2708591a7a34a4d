"""Signs of life of a worker's process: a heartbeat that says whether it makes progress, and its stack on request.

A process that is stopped has no heartbeat; one that waits for what never comes has a heartbeat and makes no progress.
"""

import faulthandler
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from run.events import Alive, Report

HEARTBEAT_SECONDS = 1.0
STACK = Path("worker-stack.txt")
"""Where a worker's process writes the stacks of its threads when it gets `STACK_SIGNAL`, in its working directory."""
STACK_SIGNAL = signal.SIGUSR1
CHECKPOINT_SIGNAL = signal.SIGUSR2
"""Has a worker's process that is training write a checkpoint at its next report, due or not."""


class Progress:
    """What the heartbeat says of the main thread."""

    def __init__(self) -> None:
        """Nothing has been done."""
        self.beats: int | None = 0

    def beat(self) -> None:
        """Some work is done."""
        if self.beats is not None:
            self.beats += 1

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Waits for other workers, which may take long."""
        before, self.beats = self.beats, None
        try:
            yield
        finally:
            self.beats = before


progress = Progress()
"""Of this process."""


@contextmanager
def heartbeat(worker: int, report: Report) -> Iterator[None]:
    """Reports a heartbeat from a thread of its own, and writes the stacks when it is asked to."""
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(HEARTBEAT_SECONDS):
            report(Alive(worker, progress.beats))

    thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
    with STACK.open("wb") as file:
        faulthandler.register(STACK_SIGNAL, file)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
            faulthandler.unregister(STACK_SIGNAL)
            STACK.unlink()

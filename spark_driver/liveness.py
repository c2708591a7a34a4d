"""Whether a worker's process lives and gets on, as seen from a task on the same machine."""

import os
import re
import select
import signal
import time
from contextlib import suppress
from pathlib import Path

from run.events import Alive, Event, Started
from trainer.liveness import CHECKPOINT_SIGNAL, STACK, STACK_SIGNAL

START_SECONDS = 120.0
"""How long a process may take until its first word, and from that until its first work: it loads TensorFlow."""
SILENCE_SECONDS = 15.0
"""How long its heartbeat may then be missing."""
STACK_SECONDS = 5.0
"""How long a process that hangs has to write down where."""
OUT_OF_MEMORY = (
    "Where memory runs out, the kernel kills the process that has most of it, and YARN the container; its log and the "
    "executor's say so. Then raise spark.executor.memoryOverhead (memory_overhead_mb of a profile)"
)


class WorkerProcess:
    """What is known of a worker's process."""

    def __init__(self, stall_seconds: float):
        """Takes how long it may make no progress."""
        self._stall_seconds = stall_seconds
        self._process: int | None = None
        self._status: Path | None = None
        self._memory_mib: int | None = None
        self._beats: int | None = 0
        self._heard = self._progressed = time.monotonic()

    def heard(self, event: Event) -> None:
        """Takes in what the worker says."""
        self._heard = time.monotonic()
        if isinstance(event, Started):
            self._process = os.pidfd_open(event.pid)
            self._status = Path(f"/proc/{event.pid}/status")
        if isinstance(event, Started | Alive) and self._status:
            self._memory_mib = _memory_mib(self._status) or self._memory_mib
        if isinstance(event, Alive) and event.beats != self._beats:
            self._beats, self._progressed = event.beats, self._heard

    def given_work(self) -> None:
        """Begins to wait for its progress: it had nothing to do."""
        self._progressed = time.monotonic()

    @property
    def began(self) -> bool:
        """Tells whether the process has had its first word."""
        return self._process is not None

    def ended(self, within: float = 0.0) -> bool:
        """Tells whether the process has ended, or does within some seconds."""
        return self._process is not None and bool(select.select([self._process], [], [], within)[0])

    def death(self) -> str:
        """Returns what is known of a process that has ended without a word: nobody here may ask for its status."""
        held = "" if self._memory_mib is None else f"; it had {self._memory_mib:,} MiB of memory when it was last seen"
        return f"its process has ended without a word, as after SIGKILL{held}. {OUT_OF_MEMORY}"

    def problem(self) -> str | None:
        """Returns what is wrong with a process that says nothing, or does nothing, for too long."""
        now, patience = time.monotonic(), SILENCE_SECONDS if self._beats != 0 else START_SECONDS
        if now - self._heard > patience:
            return f"its process has said nothing for {patience:.0f} s: it is stopped, or its machine hangs"
        if self._beats is not None and now - self._progressed > max(self._stall_seconds, patience):
            return f"its process has made no progress for {now - self._progressed:.0f} s"
        return None

    def ask_for_checkpoint(self) -> None:
        """Has the process, which is training, write a checkpoint as soon as it can."""
        if self._process is not None and not self.ended():
            signal.pidfd_send_signal(self._process, CHECKPOINT_SIGNAL)

    def stacks(self) -> str:
        """Has the process write down the stacks of its threads, which a stopped one does when it goes on; ends it."""
        if self._process is None or self.ended():
            return ""
        signal.pidfd_send_signal(self._process, STACK_SIGNAL)
        signal.pidfd_send_signal(self._process, signal.SIGCONT)
        deadline, written = time.monotonic() + STACK_SECONDS, ""
        while not self.ended(within=0.5) and time.monotonic() < deadline:
            before, written = written, STACK.read_text(errors="replace") if STACK.exists() else ""
            if written and written == before:
                break
        signal.pidfd_send_signal(self._process, signal.SIGKILL)
        return written


def _memory_mib(status: Path) -> int | None:
    """Returns how much memory a process holds, in MiB, of its file `status` in /proc; None if it has ended."""
    with suppress(FileNotFoundError, ProcessLookupError):
        if found := re.search(rb"^VmRSS:\s+(\d+) kB$", status.read_bytes(), re.MULTILINE):
            return int(found[1]) // 1024
    return None

"""A feed task gives its worker all blocks, a few at a time, and notices how the worker ends."""

import queue
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from run.events import Acknowledged, Event, Failed, Finished, Progress, Spooled, Started
from spark_driver import feed
from spark_driver.errors import WorkerError
from spark_driver.feed import WINDOW, Supervisor
from spark_driver.liveness import OUT_OF_MEMORY
from spark_driver.tfos import WorkerChannel

SPOOLED = Spooled(0, {"train": 1, "validation": 0, "test": 0}, 0.1)


class Channel(WorkerChannel):
    """Queues in this process, and a worker that answers each block as it is told to."""

    worker = 3
    ended = False
    closed = False

    def __init__(self, answer: Callable[[bytes], list[Event]]):
        self.answer = answer
        self.blocks: list[bytes] = []
        self.events: queue.SimpleQueue[Event] = queue.SimpleQueue()

    def put(self, block: bytes) -> None:
        self.blocks.append(block)
        for event in self.answer(block):
            self.events.put(event)

    def event(self, timeout: float) -> Event | None:
        try:
            return self.events.get(timeout=timeout)
        except queue.Empty:
            return None

    def close(self) -> None:
        assert not self.closed
        self.closed = True


class Driver:
    """Keeps what it is told; asks for a checkpoint when it is to."""

    def __init__(self, hears: Callable[[Event], object] = lambda _: None, asks: int = 0):
        self.told: list[Event] = []
        self._hears = hears
        self._asks = asks

    def tell(self, event: Event) -> None:
        self.told.append(event)
        self._hears(event)

    def asked_for_checkpoint(self) -> bool:
        self._asks -= 1
        return self._asks >= 0


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(feed, "ECHO_SECONDS", 0.01)


@pytest.fixture
def process() -> Iterator["subprocess.Popen[bytes]"]:
    """A process that lives until it is killed."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


def test_all_blocks_arrive_and_then_their_end() -> None:
    driver = Driver()
    channel = Channel(lambda block: [Acknowledged(0)] if block else [SPOOLED])
    Supervisor(channel, driver, 60).feed(b"%d" % i for i in range(100))
    assert channel.blocks == [*(b"%d" % i for i in range(100)), b""]
    assert driver.told == [SPOOLED]  # an acknowledgement is between the two


class Slow(Channel):
    """A worker that writes a block down no earlier than it is waited for."""

    def __init__(self) -> None:
        super().__init__(lambda _: [])
        self.on_the_way, self.most, self.ended = 0, 0, False

    def put(self, block: bytes) -> None:
        super().put(block)
        self.ended = not block
        self.on_the_way += not self.ended
        self.most = max(self.most, self.on_the_way)

    def event(self, timeout: float) -> Event | None:
        assert timeout > 0
        if self.on_the_way:
            self.on_the_way -= 1
            return Acknowledged(0)
        return SPOOLED if self.ended else None


def test_no_more_than_a_window_is_on_the_way() -> None:
    channel = Slow()
    Supervisor(channel, Driver(), 60).feed([b"x"] * (3 * WINDOW))
    assert channel.most == WINDOW
    assert channel.blocks == [b"x"] * (3 * WINDOW) + [b""]


def test_a_block_that_is_not_written_down_is_an_error() -> None:
    channel = Channel(lambda block: [] if block else [SPOOLED])
    with pytest.raises(WorkerError, match="has not written down 1 of the blocks"):
        Supervisor(channel, Driver(), 60).feed([b"x"])


def test_it_watches_until_the_worker_has_finished() -> None:
    driver = Driver()
    channel = Channel(lambda _: [])
    events: list[Event] = [Progress(0, 1, 5, 1, 1, 8, 8.0, 0.5), Finished(0)]
    for event in events:
        channel.events.put(event)
    Supervisor(channel, driver, 60).watch()
    assert driver.told == events
    assert channel.closed


def test_a_workers_error_comes_with_its_traceback() -> None:
    channel = Channel(lambda _: [])
    channel.events.put(Failed(1, "ValueError: no", "Traceback: here", lost_peer=False))
    with pytest.raises(WorkerError, match="worker 1 failed: ValueError: no\nTraceback: here"):
        Supervisor(channel, Driver(), 60).watch()
    assert channel.closed


def test_a_killed_worker_is_noticed_and_reported(process: "subprocess.Popen[bytes]") -> None:
    driver = Driver(lambda _: process.kill())
    channel = Channel(lambda _: [])
    channel.events.put(Started(3, process.pid))
    with pytest.raises(WorkerError, match="worker 3 failed: its process has ended without a word"):
        Supervisor(channel, driver, 60).watch()
    told = driver.told[-1]
    assert isinstance(told, Failed)
    assert told.error.endswith(OUT_OF_MEMORY)
    assert "spark.executor.memoryOverhead" in OUT_OF_MEMORY
    assert (told.worker, told.lost_peer, told.permanent) == (3, False, False)


def test_a_worker_that_closes_its_channel_without_a_word_has_failed() -> None:
    channel = Channel(lambda _: [])
    channel.ended = True
    with pytest.raises(WorkerError, match="worker 3 failed: its process has ended without a word"):
        Supervisor(channel, Driver(), 60).watch()


SAYS_THAT_IT_IS_ASKED = """
import signal
from trainer.liveness import CHECKPOINT_SIGNAL

signal.pthread_sigmask(signal.SIG_BLOCK, [CHECKPOINT_SIGNAL])
print("works", flush=True)
print(signal.sigwait([CHECKPOINT_SIGNAL]) == CHECKPOINT_SIGNAL, flush=True)
"""


def test_a_worker_is_told_that_the_driver_asks_for_a_checkpoint() -> None:
    with subprocess.Popen([sys.executable, "-c", SAYS_THAT_IT_IS_ASKED], stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "works\n"
        channel = Channel(lambda _: [])
        for event in (Started(3, worker.pid), Finished(3)):
            channel.events.put(event)
        Supervisor(channel, Driver(asks=1), 60).watch()
        assert worker.stdout.readline() == "True\n"

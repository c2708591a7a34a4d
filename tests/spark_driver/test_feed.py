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
    told: list[Event] = []
    channel = Channel(lambda block: [Acknowledged(0)] if block else [SPOOLED])
    Supervisor(channel, told.append, 60).feed(b"%d" % i for i in range(100))
    assert channel.blocks == [*(b"%d" % i for i in range(100)), b""]
    assert told == [SPOOLED]  # an acknowledgement is between the two


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
    Supervisor(channel, lambda _: None, 60).feed([b"x"] * (3 * WINDOW))
    assert channel.most == WINDOW
    assert channel.blocks == [b"x"] * (3 * WINDOW) + [b""]


def test_a_block_that_is_not_written_down_is_an_error() -> None:
    channel = Channel(lambda block: [] if block else [SPOOLED])
    with pytest.raises(WorkerError, match="has not written down 1 of the blocks"):
        Supervisor(channel, lambda _: None, 60).feed([b"x"])


def test_it_watches_until_the_worker_has_finished() -> None:
    told: list[Event] = []
    channel = Channel(lambda _: [])
    events: list[Event] = [Progress(0, 1, 5, 1, 1, 8, 8.0, 0.5), Finished(0)]
    for event in events:
        channel.events.put(event)
    Supervisor(channel, told.append, 60).watch()
    assert told == events
    assert channel.closed


def test_a_workers_error_comes_with_its_traceback() -> None:
    channel = Channel(lambda _: [])
    channel.events.put(Failed(1, "ValueError: no", "Traceback: here", lost_peer=False))
    with pytest.raises(WorkerError, match="worker 1 failed: ValueError: no\nTraceback: here"):
        Supervisor(channel, lambda _: None, 60).watch()
    assert channel.closed


def test_a_killed_worker_is_noticed_and_reported(process: "subprocess.Popen[bytes]") -> None:
    told: list[Event] = []
    channel = Channel(lambda _: [])
    channel.events.put(Started(3, process.pid))

    def kill_and_remember(event: Event) -> None:
        process.kill()
        told.append(event)

    supervisor = Supervisor(channel, kill_and_remember, 60)
    with pytest.raises(WorkerError, match="worker 3 failed: its process has ended without a word"):
        supervisor.watch()
    assert isinstance(told[-1], Failed)
    assert told[-1].error.endswith(OUT_OF_MEMORY)
    assert "spark.executor.memoryOverhead" in OUT_OF_MEMORY
    assert (told[-1].worker, told[-1].lost_peer, told[-1].permanent) == (3, False, False)

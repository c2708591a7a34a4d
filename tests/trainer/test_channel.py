"""Messages go both ways, in their order; who does not know the key, or says nothing, is left."""

import socket
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client
from pathlib import Path
from typing import NamedTuple

import pytest

from trainer import channel
from trainer.channel import Channel

KEY = b"of this run"
LARGE = bytes(1 << 20)
"""More than a socket takes before somebody reads it."""
SECONDS = 10.0


class Ends(NamedTuple):
    """Both."""

    worker: Channel
    feed: Channel


@pytest.fixture
def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where a worker listens."""
    monkeypatch.chdir(tmp_path)
    return "socket"


@pytest.fixture
def worker(address: str) -> Channel:
    """A worker's end, to which nobody has connected."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen()
    return Channel.at(listener, KEY)


@pytest.fixture
def ends(worker: Channel, address: str) -> Ends:
    """Two ends that are connected."""
    return Ends(worker, Channel.to(address, KEY))


def test_messages_come_in_their_order_in_both_directions(ends: Ends) -> None:
    for number in range(100):
        ends.feed.send(b"block %d" % number)
        ends.worker.send(b"event %d" % number)
    assert [ends.worker.receive(SECONDS) for _ in range(100)] == [b"block %d" % number for number in range(100)]
    assert [ends.feed.receive(SECONDS) for _ in range(100)] == [b"event %d" % number for number in range(100)]


def test_an_empty_message_is_one(ends: Ends) -> None:
    ends.feed.send(b"")
    assert ends.worker.receive(SECONDS) == b""


def test_what_is_said_before_anybody_hears_it_is_not_lost(worker: Channel, address: str) -> None:
    worker.send(b"started")
    assert Channel.to(address, KEY).receive(SECONDS) == b"started"


def test_nobody_waits_for_one_that_does_not_read(ends: Ends) -> None:
    for _ in range(5):
        ends.feed.send(LARGE)
    assert ends.feed.receive(0.01) is None
    assert [ends.worker.receive(SECONDS) for _ in range(5)] == [LARGE] * 5


def test_all_that_was_sent_arrives_before_the_end(ends: Ends) -> None:
    ends.worker.send(b"finished")
    ends.worker.close()
    assert (ends.feed.receive(SECONDS), ends.feed.ended) == (b"finished", False)
    assert (ends.feed.receive(SECONDS), ends.feed.ended) == (None, True)
    assert ends.feed.receive(0.01) is None


def test_whoever_sends_to_one_that_is_gone_learns_it(ends: Ends) -> None:
    ends.feed.send(b"connected")
    assert ends.worker.receive(SECONDS) == b"connected"
    ends.worker.close()
    assert ends.feed.receive(SECONDS) is None

    def talk_on() -> None:
        while True:
            ends.feed.send(LARGE)

    with pytest.raises(ConnectionError, match="closed"):
        talk_on()


def test_who_has_another_key_is_refused_and_the_right_one_heard_after(worker: Channel, address: str) -> None:
    with pytest.raises(AuthenticationError):
        Channel.to(address, b"of an earlier run").receive(SECONDS)
    Channel.to(address, KEY).send(b"block")
    assert worker.receive(SECONDS) == b"block"


@pytest.mark.parametrize("said", [b"", b"\x00", b"\x80\x04cos\nsystem\n", b"\xff" * 1000])
def test_a_stranger_keeps_nobody_out(
    worker: Channel, address: str, said: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel, "HANDSHAKE_SECONDS", 0.1)
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.connect(address)
        stranger.sendall(said)
        Channel.to(address, KEY).send(b"block")
        assert worker.receive(SECONDS) == b"block"


def test_one_is_heard_and_nobody_after(ends: Ends, address: str) -> None:
    ends.feed.send(b"block")
    assert ends.worker.receive(SECONDS) == b"block"
    with pytest.raises(ConnectionRefusedError):
        Client(address, family="AF_UNIX", authkey=KEY)


def test_where_nobody_listens_is_an_error(address: str) -> None:
    with pytest.raises(FileNotFoundError):
        Channel.to(address, KEY).receive(SECONDS)

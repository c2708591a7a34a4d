"""Events reach the driver, from those who know the run's key and from nobody else."""

import queue
import socket
from collections.abc import Iterator
from dataclasses import replace
from multiprocessing import AuthenticationError

import pytest

from spark_driver.progress import EventServer
from trainer.events import Event, Finished

LIMIT_SECONDS = 10
Received = tuple[EventServer, "queue.SimpleQueue[Event]"]


@pytest.fixture
def server() -> Iterator[Received]:
    events: queue.SimpleQueue[Event] = queue.SimpleQueue()
    with EventServer("127.0.0.1", events.put) as running:
        yield running, events


def test_an_event_arrives(server: Received) -> None:
    server[0].address.connect()(Finished(7))
    assert server[1].get(timeout=LIMIT_SECONDS) == Finished(7)


def test_who_does_not_know_the_key_is_turned_away(server: Received) -> None:
    with pytest.raises(AuthenticationError):
        replace(server[0].address, key=b"another").connect()
    assert server[1].empty()


def test_garbage_and_silence_disturb_nobody(server: Received) -> None:
    address = (server[0].address.host, server[0].address.port)
    with socket.create_connection(address), socket.create_connection(address) as garbage:
        garbage.sendall(b"\x00\x00\x00\x05hello")
        server[0].address.connect()(Finished(1))
        assert server[1].get(timeout=LIMIT_SECONDS) == Finished(1)
    assert server[1].empty()


def test_the_key_is_not_shown(server: Received) -> None:
    assert repr(server[0].address.key) not in repr(server[0].address)

"""Events reach the driver, from those who know the run's key and from nobody else."""

import queue
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from multiprocessing import AuthenticationError

import pytest
from pyspark import SparkConf

from run.events import Event, Finished
from spark_driver.event_server import EventServer

LIMIT_SECONDS = 10
Received = tuple[EventServer, "queue.SimpleQueue[Event]"]


@pytest.fixture
def server() -> Iterator[Received]:
    events: queue.SimpleQueue[Event] = queue.SimpleQueue()
    with EventServer("127.0.0.1", "localhost", events.put) as running:
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


def test_it_listens_where_the_driver_binds_and_is_reached_where_others_see_it() -> None:
    conf = (
        SparkConf(loadDefaults=False).set("spark.driver.host", "gateway").set("spark.driver.bindAddress", "127.0.0.1")
    )
    with EventServer.of_driver(conf, lambda _: None) as server:
        assert server.address.host == "gateway"
        replace(server.address, host="127.0.0.1").connect()


def test_what_cannot_be_recorded_is_kept_as_the_failure() -> None:
    error, handled = OSError(28, "No space left on device"), threading.Event()

    def full(_: Event) -> None:
        handled.set()
        raise error

    with EventServer("127.0.0.1", "127.0.0.1", full) as server:
        server.address.connect()(Finished(1))
        assert handled.wait(LIMIT_SECONDS)
        server.address.connect()  # it still answers others
    assert server.failure is error


def test_the_key_is_not_shown(server: Received) -> None:
    assert repr(server[0].address.key) not in repr(server[0].address)

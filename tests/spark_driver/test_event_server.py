"""Events reach the driver, from those who know the run's key and from nobody else."""

import os
import pickle
import queue
import resource
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from multiprocessing import AuthenticationError
from pathlib import Path

import pytest
from pyspark import SparkConf

from local_hadoop.daemons import wait_until
from run.events import Event, Finished, Joined
from spark_driver import event_server
from spark_driver.event_server import EventServer

LIMIT_SECONDS = 10
Received = tuple[EventServer, "queue.SimpleQueue[Event]"]


@pytest.fixture
def server() -> Iterator[Received]:
    events: queue.SimpleQueue[Event] = queue.SimpleQueue()
    with EventServer("127.0.0.1", "localhost", events.put) as running:
        yield running, events


def test_an_event_arrives(server: Received) -> None:
    server[0].address.connect().tell(Finished(7))
    assert server[1].get(timeout=LIMIT_SECONDS) == Finished(7)


def test_a_checkpoint_is_asked_for_once(server: Received) -> None:
    line = server[0].address.connect()
    line.tell(Finished(1))  # what it says is heard: it is known
    server[1].get(timeout=LIMIT_SECONDS)
    assert not line.asked_for_checkpoint()
    server[0].ask_for_checkpoint()
    assert wait_until(line.asked_for_checkpoint, LIMIT_SECONDS)
    assert not line.asked_for_checkpoint()


def test_when_all_workers_have_joined_each_is_told_of_all() -> None:
    joined = [Joined(worker, f"node-{worker}", (), 4_000 + worker) for worker in range(2)]
    with EventServer("127.0.0.1", "localhost", lambda _: None, workers=2) as server:
        lines = [server.address.connect() for _ in joined]
        lines[0].tell(joined[0])
        assert lines[0].all_joined(0.1) is None
        lines[1].tell(joined[1])
        assert [line.all_joined(LIMIT_SECONDS) for line in lines] == [joined, joined]


def test_it_knows_whether_anybody_listens(server: Received) -> None:
    assert not server[0].connected
    line = server[0].address.connect()
    assert wait_until(lambda: server[0].connected, LIMIT_SECONDS)
    del line
    assert wait_until(lambda: not server[0].connected, LIMIT_SECONDS)


def test_who_does_not_know_the_key_is_turned_away(server: Received) -> None:
    with pytest.raises(AuthenticationError):
        replace(server[0].address, key=b"another").connect()
    assert server[1].empty()


class Malicious:
    """Writes a file when it is unpickled."""

    def __init__(self, file: Path):
        self._file = file

    def __reduce__(self) -> tuple[Callable[[Path], None], tuple[Path]]:
        return Path.touch, (self._file,)


@pytest.mark.parametrize("sent", ["nothing", "garbage", "half a message", "a pickle", "an endless message"])
def test_a_stranger_disturbs_nobody(server: Received, tmp_path: Path, sent: str) -> None:
    executed = tmp_path / "executed"
    pickled = pickle.dumps(Malicious(executed))
    messages = {
        "nothing": b"",
        "garbage": b"GET / HTTP/1.1\r\n\r\n",
        "half a message": b"\x00\x00\x00\x05he",
        "a pickle": struct.pack("!i", len(pickled)) + pickled,
        "an endless message": b"\x7f\xff\xff\xff" + b"x" * 1_000,
    }
    with socket.create_connection((server[0].address.host, server[0].address.port)) as stranger:
        stranger.sendall(messages[sent])
        server[0].address.connect().tell(Finished(1))
        assert server[1].get(timeout=LIMIT_SECONDS) == Finished(1)
    assert server[1].empty()
    assert not executed.exists()


def test_one_that_says_nothing_is_left_after_a_while(server: Received, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_server, "HANDSHAKE_SECONDS", 0.5)
    with socket.create_connection((server[0].address.host, server[0].address.port), LIMIT_SECONDS) as stranger:
        while stranger.recv(1_000):  # its challenge, then the end
            pass


def test_one_that_belongs_here_may_say_nothing_for_long(server: Received, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_server, "HANDSHAKE_SECONDS", 0.5)
    line = server[0].address.connect()
    with socket.create_connection((server[0].address.host, server[0].address.port), LIMIT_SECONDS) as stranger:
        while stranger.recv(1_000):
            pass
    line.tell(Finished(1))  # later than a stranger was left
    assert server[1].get(timeout=LIMIT_SECONDS) == Finished(1)


STRANGERS = """
import socket, sys
from run.events import Finished
from spark_driver.event_server import Address

host, port, key = sys.stdin.readline().split()
idle = [socket.create_connection((host, int(port))) for _ in range(1_000)]
Address(host, int(port), bytes.fromhex(key)).connect().tell(Finished(1))
"""


def test_a_thousand_that_say_nothing_keep_nobody_out(server: Received, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_server, "HANDSHAKE_SECONDS", 0.5)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    address = server[0].address
    with subprocess.Popen([sys.executable, "-c", STRANGERS], stdin=subprocess.PIPE, encoding="utf-8") as strangers:
        resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) + 100, hard))
        try:
            assert strangers.stdin is not None
            print(address.host, address.port, address.key.hex(), file=strangers.stdin, flush=True)
            assert server[1].get(timeout=6 * LIMIT_SECONDS) == Finished(1)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            strangers.kill()


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
        server.address.connect().tell(Finished(1))
        assert handled.wait(LIMIT_SECONDS)
        server.address.connect()  # it still answers others
    assert server.failure is error


def test_the_key_is_not_shown(server: Received) -> None:
    assert repr(server[0].address.key) not in repr(server[0].address)

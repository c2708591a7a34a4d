"""The way of the workers' events to the driver: a connection from each task, opened with the run's key.

The driver has two things to say there: who all the workers are, and that a checkpoint is to be written now.
"""

import json
import secrets
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, Listener, answer_challenge, deliver_challenge
from types import TracebackType

from pyspark import SparkConf

from run.events import Event, Joined, from_json, to_json
from trainer.channel import HANDSHAKE_SECONDS, limit

ACCEPT_SECONDS = 0.1
"""How long to wait for a connection to go where there can be no more of them."""
_CHECKPOINT = b"checkpoint"


class Line:
    """A task's connection to the driver."""

    def __init__(self, connection: Connection):
        """Takes a connection that has been proved."""
        self._connection = connection

    def tell(self, event: Event) -> None:
        """Tells the driver an event."""
        self._connection.send_bytes(to_json(event))

    def all_joined(self, seconds: float) -> list[Joined] | None:
        """Returns all workers, to one that has joined; None if some have not come within some seconds."""
        if not self._connection.poll(seconds):
            return None
        return [Joined(**joined) for joined in json.loads(self._connection.recv_bytes())]

    def asked_for_checkpoint(self) -> bool:
        """Tells whether the driver has asked for a checkpoint since this was asked last."""
        return self._connection.poll() and self._connection.recv_bytes(len(_CHECKPOINT)) == _CHECKPOINT


@dataclass(frozen=True)
class Address:
    """Where the driver listens, and the key that proves to belong to the run. Travels inside Spark's tasks."""

    host: str
    port: int
    key: bytes

    def connect(self) -> Line:
        """Connects a task to the driver."""
        return Line(Client((self.host, self.port), authkey=self.key))

    def __repr__(self) -> str:
        return f"Address({self.host!r}, {self.port})"  # a key has no place in a log


class EventServer:
    """Listens for events, and hands each to a function, one at a time."""

    def __init__(self, bind: str, host: str, handle: Callable[[Event], None], workers: int = 0):
        """Listens on a port that the system chooses.

        Args:
            bind: the address of this machine's interface to listen on.
            host: the name or address by which others reach it.
            handle: takes an event; what it raises ends the connection, and is kept as `failure`.
            workers: how many join; when all have, everyone is told of all.
        """
        # Those that find no room ask again after seconds.
        self._listener = Listener((bind, 0), family="AF_INET", backlog=1024)
        self._closed = threading.Event()
        self.failure: Exception | None = None
        self._handle = handle
        self._workers = workers
        self._joined: dict[int, Joined] = {}
        self._lock = threading.Lock()
        self._proved: set[Connection] = set()
        port = self._listener.address[1]
        assert isinstance(port, int)
        self.address = Address(host, port, secrets.token_bytes(32))

    @classmethod
    def of_driver(cls, conf: SparkConf, handle: Callable[[Event], None], workers: int = 0) -> "EventServer":
        """Listens where Spark's driver does."""
        host = str(conf.get("spark.driver.host"))
        return cls(conf.get("spark.driver.bindAddress") or host, host, handle, workers)

    def __enter__(self) -> "EventServer":
        threading.Thread(target=self._accept, name="events", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._closed.set()
        self._listener.close()

    @property
    def connected(self) -> bool:
        """Tells whether there is a task that listens."""
        return bool(self._proved)

    def ask_for_checkpoint(self) -> None:
        """Asks all tasks that are connected; the answer is an event."""
        self._say(_CHECKPOINT)

    def _say(self, message: bytes) -> None:
        for connection in list(self._proved):
            with suppress(OSError):  # it has gone
                connection.send_bytes(message)

    def _meet(self, event: Event) -> None:
        if isinstance(event, Joined):
            self._joined[event.worker] = event
            if len(self._joined) == self._workers:
                self._say(json.dumps([asdict(joined) for joined in self._joined.values()]).encode())

    def _accept(self) -> None:
        while not self._closed.is_set():
            try:
                connection = self._listener.accept()
            except OSError:
                # It is closed, or strangers have taken all the connections that this process may have.
                self._closed.wait(ACCEPT_SECONDS)
                continue
            # The proof of the key takes two messages; nobody else waits for it.
            threading.Thread(target=self._serve, args=(connection,), name="event", daemon=True).start()

    def _serve(self, connection: Connection) -> None:
        with connection:
            try:
                limit(connection, HANDSHAKE_SECONDS)
                deliver_challenge(connection, self.address.key)
                answer_challenge(connection, self.address.key)
                limit(connection, 0)
                self._proved.add(connection)
                while True:
                    event = from_json(connection.recv_bytes())
                    with self._lock:
                        try:
                            self._handle(event)
                            self._meet(event)
                        except Exception as error:  # noqa: BLE001 - the driver raises it when its job has ended
                            self.failure = self.failure or error
                            return
            except (EOFError, OSError, ValueError, AuthenticationError):
                return  # it went away, or it is none of ours
            finally:
                self._proved.discard(connection)

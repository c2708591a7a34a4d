"""Messages between a worker's process and the task that feeds it: bytes, in both directions, over a Unix socket.

Who connects has to prove that he knows a key, and lets the other side prove it. Nothing is unpickled.
"""

import os
import select
import socket
import struct
from collections.abc import Callable
from concurrent.futures import Future
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, answer_challenge, deliver_challenge
from queue import SimpleQueue
from threading import Thread

HANDSHAKE_SECONDS = 10.0
"""How long one that has connected may take for each message that proves a key."""
_SIZE = struct.Struct("<I")
"""What stands before a message."""


class Channel:
    """One end of the way between the two.

    A thread connects and sends, so that nobody waits for a peer that does not read, or that is not there yet. What is
    on the way is bounded by who uses it.
    """

    def __init__(self, connect: Callable[[], Connection]):
        """Begins to connect."""
        self.ended = False
        """Whether the other end is closed, and all that it has said received."""
        self._peer: Future[socket.socket] = Future()
        self._outgoing: SimpleQueue[bytes | None] = SimpleQueue()
        self._sender = Thread(target=self._send, args=[connect], name="channel", daemon=True)
        self._sender.start()

    @classmethod
    def to(cls, address: str, key: bytes) -> "Channel":
        """Connects to the one that listens at a socket's path."""
        return cls(lambda: Client(address, family="AF_UNIX", authkey=key))

    @classmethod
    def at(cls, listener: socket.socket, key: bytes) -> "Channel":
        """Waits for the first that connects and knows the key; nobody else can come after."""
        return cls(lambda: _accepted(listener, key))

    def send(self, message: bytes) -> None:
        """Sends a message after those before.

        Raises:
            ConnectionError: the other end is closed, so that they were not all sent.
        """
        if not self._sender.is_alive():
            raise ConnectionError("the other end of the channel is closed")
        self._outgoing.put(message)

    def receive(self, timeout: float | None = None) -> bytes | None:
        """Returns the next message; None if none has come within some seconds, and at once if the way has `ended`.

        Raises:
            OSError: there is nobody to connect to.
            AuthenticationError: who is there has another key.
        """
        try:
            peer = self._peer.result(timeout)
        except TimeoutError:
            return None
        if self.ended or not _readable(peer, timeout):
            return None
        try:
            return _received(peer, *_SIZE.unpack(_received(peer, _SIZE.size)))
        except (EOFError, ConnectionResetError):
            self.ended = True
            return None

    def close(self) -> None:
        """Waits until all messages are sent, if there is anybody who reads them, and ends the way."""
        self._outgoing.put(None)
        self._sender.join()
        self._peer.result().close()

    def _send(self, connect: Callable[[], Connection]) -> None:
        try:
            with connect() as proved:
                peer = socket.socket(fileno=os.dup(proved.fileno()))
        except (OSError, EOFError, AuthenticationError) as error:
            self._peer.set_exception(error)
            return
        self._peer.set_result(peer)
        while (message := self._outgoing.get()) is not None:
            try:
                _send(peer, message)
            except ConnectionError:  # `send` says so
                return


def _send(peer: socket.socket, message: bytes) -> None:
    """Sends a message and its size at once: whoever reads it is woken once."""
    parts = _SIZE.pack(len(message)), message
    sent = peer.sendmsg(parts)
    if sent < sum(map(len, parts)):  # a signal has come
        peer.sendall(b"".join(parts)[sent:])


def _readable(peer: socket.socket, timeout: float | None) -> bool:
    poll = select.poll()
    poll.register(peer, select.POLLIN)
    return bool(poll.poll(None if timeout is None else timeout * 1000))


def _received(peer: socket.socket, size: int) -> bytes:
    data = peer.recv(size, socket.MSG_WAITALL)
    while len(data) < size:  # a signal has come, or the end
        more = peer.recv(size - len(data), socket.MSG_WAITALL)
        if not more:
            raise EOFError
        data += more
    return data


def limit(connection: Connection, seconds: float) -> None:
    """Sets how long a message of a peer may be waited for; 0 for ever."""
    whole, part = divmod(seconds, 1)
    same = socket.socket(fileno=connection.fileno())  # and no copy: strangers may have taken all that there may be
    try:
        same.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", int(whole), int(part * 1e6)))
    finally:
        same.detach()


def _accepted(listener: socket.socket, key: bytes) -> Connection:
    with listener:
        while True:
            peer, _ = listener.accept()
            connection = Connection(peer.detach())
            try:
                limit(connection, HANDSHAKE_SECONDS)
                deliver_challenge(connection, key)
                answer_challenge(connection, key)
                limit(connection, 0)
            except (OSError, EOFError, AuthenticationError):
                connection.close()  # it went away, or it is none of ours
            else:
                return connection

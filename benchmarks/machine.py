"""What the machine can do: products of matrices, memory and the loopback network; prints a line of JSON.

python -m benchmarks.machine
"""

import json
import os
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from statistics import median

import numpy as np
import tensorflow as tf

SIZE = 2048
"""Rows and columns of the matrices."""
COPIED = 2**28
"""Bytes that each core copies: more than its caches hold."""
SENT = 2**30
"""Bytes that go over the loopback network."""
CHUNK = 2**20
REPEAT = 5


def seconds(work: Callable[[], object]) -> float:
    """The median time that something takes, after a first time."""
    times = []
    for _ in range(1 + REPEAT):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return median(times[1:])


def products() -> float:
    """Float32 operations per second, in TensorFlow's products with all cores."""
    matrix = tf.random.stateless_normal([SIZE, SIZE], [1, 1])
    return 2 * SIZE**3 / seconds(lambda: tf.matmul(matrix, matrix).numpy())


def memory() -> float:
    """Bytes per second that all cores together read, and as many written."""
    cores = os.cpu_count() or 1
    pairs = [(np.ones(COPIED, np.uint8), np.empty(COPIED, np.uint8)) for _ in range(cores)]
    with ThreadPoolExecutor(cores) as pool:
        return cores * COPIED / seconds(lambda: list(pool.map(lambda pair: np.copyto(pair[1], pair[0]), pairs)))


def loopback() -> float:
    """Bytes per second from one thread to another over TCP."""
    with (
        ThreadPoolExecutor(1) as pool,
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as sender,
        server.accept()[0] as receiver,
    ):
        chunk, room = bytes(CHUNK), bytearray(CHUNK)

        def send() -> None:
            for _ in range(SENT // CHUNK):
                sender.sendall(chunk)

        def exchange() -> None:
            sent = pool.submit(send)
            left = SENT
            while left:
                left -= receiver.recv_into(room)
            sent.result()

        return SENT / seconds(exchange)


def main() -> None:
    found = {"products, GFLOP/s": products(), "memory, GB/s": memory(), "loopback, GB/s": loopback()}
    print(json.dumps({name: value / 1e9 for name, value in found.items()}))


if __name__ == "__main__":
    main()

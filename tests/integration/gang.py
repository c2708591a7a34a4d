"""Runs a function in several worker processes that form a TensorFlow cluster on this machine, as executors do."""

import json
import multiprocessing
import os
import socket
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from typing import Any

from trainer.place import Place

LIMIT_SECONDS = 180


def run(work: Callable[..., Any], arguments: list[tuple[Any, ...]]) -> list[Any]:
    """Runs `work(place, *arguments[i])` as worker i of len(arguments) and returns what each returns, in order."""
    ports = free_ports(len(arguments))
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(len(arguments), mp_context=spawn) as pool:
        futures = [pool.submit(_member, work, ports, i, a) for i, a in enumerate(arguments)]
        return [future.result(timeout=LIMIT_SECONDS) for future in futures]


def _member(work: Callable[..., Any], ports: list[int], worker: int, arguments: tuple[Any, ...]) -> Any:
    addresses = [f"127.0.0.1:{port}" for port in ports]
    cluster = {"chief": addresses[:1], "worker": addresses[1:]}
    task = {"type": "worker", "index": worker - 1} if worker else {"type": "chief", "index": 0}
    os.environ["TF_CONFIG"] = json.dumps({"cluster": cluster, "task": task})
    return work(Place(worker, len(ports), 1), *arguments)


def free_ports(number: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for s in sockets:
            s.bind(("127.0.0.1", 0))
        return [s.getsockname()[1] for s in sockets]

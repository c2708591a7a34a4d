"""`textcnn serve`: binds a port, loads the model, answers until a signal ends it."""

import logging
import socket
import sys

import uvicorn

from run.errors import SettingsError
from server.app import app
from server.served import Served


def serve(model: str, host: str, port: int) -> int:
    """Serves a model and returns the exit status of the command.

    Args:
        model: a version, a folder of versions, or the folder of a run; new versions are taken as they are published.
        host: the address to listen at.
        port: 0 for one that is free.

    Raises:
        ModelError: there is no model, or it does not give its golden answers.
        SettingsError: nothing can listen at that address.
    """
    with _listening(host, port) as listening:
        served = Served(model)
        logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
        address = f"http://{host}:{listening.getsockname()[1]}"
        print(
            f"{served.current.uri} at {address}/v1/models/{served.current.name}:predict, a page at {address}/",
            flush=True,
        )
        uvicorn.Server(uvicorn.Config(app(served), log_level="warning")).run(sockets=[listening])
    return 0


def _listening(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), backlog=512)
    except OSError as error:
        raise SettingsError(
            f"{host}:{port} cannot be listened at: {error.strerror or error}.", "Give another --host or --port."
        ) from error

"""Where the texts of a stream come from, as `--input` names it: a folder, a socket, or a topic of Kafka's."""

import re
from dataclasses import dataclass

from run.errors import SettingsError


@dataclass(frozen=True)
class Folder:
    """Files come into it."""

    path: str


@dataclass(frozen=True)
class Socket:
    """A server that sends lines to who connects."""

    host: str
    port: int


@dataclass(frozen=True)
class Topic:
    """The records of a topic of Kafka's."""

    servers: str
    """Of the cluster, as HOST:PORT, some by commas."""
    name: str


Place = Folder | Socket | Topic

_SOCKET = re.compile(r"socket://(?P<host>\[[^\]]+\]|[^/:\[\]]+):(?P<port>\d{1,5})")
_TOPIC = re.compile(r"kafka://(?P<servers>[^/,:]+:\d+(?:,[^/,:]+:\d+)*)/(?P<name>[\w.-]+)", re.ASCII)


def place_of(name: str) -> Place:
    """Returns what a name means; one without a scheme that is known here is a folder.

    Raises:
        SettingsError: it begins as the name of a socket or a topic, and is none.
    """
    if found := _SOCKET.fullmatch(name):
        return Socket(found["host"].strip("[]"), int(found["port"]))
    if found := _TOPIC.fullmatch(name):
        return Topic(found["servers"], found["name"])
    if name.startswith(("socket:", "kafka:")):
        raise SettingsError(
            f"--input is a folder, socket://HOST:PORT, or kafka://HOST:PORT[,HOST:PORT…]/TOPIC. Received: {name!r}"
        )
    return Folder(name)

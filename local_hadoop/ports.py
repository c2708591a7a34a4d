"""The ports that the daemons listen on, free ones unless configured."""

import socket
from contextlib import ExitStack
from dataclasses import dataclass, fields

from local_hadoop.errors import HadoopError

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, kw_only=True)
class NodePorts:
    """Ports of one NodeManager."""

    manager: int
    localizer: int
    web: int
    shuffle: int


@dataclass(frozen=True, kw_only=True)
class MasterPorts:
    """Ports of HDFS and of the ResourceManager; 0 asks for a free one."""

    name_node: int = 0
    name_node_web: int = 0
    data_node: int = 0
    data_node_ipc: int = 0
    data_node_web: int = 0
    resource_manager: int = 0
    resource_manager_scheduler: int = 0
    resource_manager_tracker: int = 0
    resource_manager_admin: int = 0
    resource_manager_web: int = 0


FREE_PORTS = MasterPorts()


@dataclass(frozen=True, kw_only=True)
class Ports:
    """Ports of all daemons, each of them a real one."""

    masters: MasterPorts
    nodes: tuple[NodePorts, ...]


def choose_ports(wanted: MasterPorts, nodes: int) -> Ports:
    """Checks the configured ports and finds free ones for the rest.

    Raises:
        HadoopError: A port cannot be used.
    """
    names = [field.name for field in fields(MasterPorts)]
    per_node = [field.name for field in fields(NodePorts)]
    found = _bind_together([getattr(wanted, name) for name in names] + [0] * (nodes * len(per_node)))
    rest = iter(found[len(names) :])
    return Ports(
        masters=MasterPorts(**dict(zip(names, found, strict=False))),
        nodes=tuple(NodePorts(**{name: next(rest) for name in per_node}) for _ in range(nodes)),
    )


def _bind_together(ports: list[int]) -> list[int]:
    """Holds all ports at once, so that no two are the same, and lets them go again."""
    with ExitStack() as held:
        return [held.enter_context(_bound(port)).getsockname()[1] for port in ports]


def _bound(port: int) -> socket.socket:
    """A socket bound to a port of this machine alone; port 0 is a free one."""
    bound = socket.socket()
    if port:
        # A port that only old connections linger on is free to a daemon, which sets the same option.
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((LOOPBACK, port))
    except (OSError, OverflowError) as error:
        bound.close()
        advice = "configure another one, or 0 for a free one."
        raise HadoopError(f"Port {port} of {LOOPBACK} cannot be used ({error}): {advice}") from error
    return bound

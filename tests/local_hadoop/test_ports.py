"""Ports: configured ones are kept, and a taken one is refused before any daemon starts."""

import socket
from dataclasses import astuple

import pytest

from local_hadoop.errors import HadoopError
from local_hadoop.ports import FREE_PORTS, MasterPorts, choose_ports


@pytest.fixture(name="taken")
def listen() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0))


def test_ports_are_real_and_distinct() -> None:
    ports = choose_ports(FREE_PORTS, nodes=3)
    found = [*astuple(ports.masters), *(port for node in ports.nodes for port in astuple(node))]
    assert len(ports.nodes) == 3
    assert len(set(found)) == len(found)
    assert all(1024 <= port < 65536 for port in found)


def test_a_configured_port_is_kept(taken: socket.socket) -> None:
    port = taken.getsockname()[1]
    taken.close()
    assert choose_ports(MasterPorts(name_node=port), nodes=1).masters.name_node == port


def test_a_taken_port_is_refused(taken: socket.socket) -> None:
    with taken:
        port = taken.getsockname()[1]
        with pytest.raises(HadoopError, match=f"Port {port} .* cannot be used .* another one"):
            choose_ports(MasterPorts(resource_manager_web=port), nodes=1)


def test_what_is_no_port_is_refused() -> None:
    with pytest.raises(HadoopError, match="Port 70000 "):
        choose_ports(MasterPorts(name_node=70000), nodes=1)

"""Asks the daemons over HTTP, on this machine and never through a proxy."""

import json
import urllib.request
from typing import Any
from urllib.parse import urlencode

from local_hadoop.errors import HadoopError
from local_hadoop.settings import SUPERUSER

_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
TIMEOUT_S = 10


def name_node_is_ready(name_node: str) -> bool:
    """Whether HDFS can be written to: out of safe mode, with a DataNode that has room."""
    state = _name_node_state(name_node)
    return state.get("FSState") == "Operational" and state.get("CapacityTotal", 0) > 0


def live_data_nodes(name_node: str) -> int:
    """DataNodes that the NameNode hears from; none when it does not answer."""
    return int(_name_node_state(name_node).get("NumLiveDataNodes", 0))


def running_nodes(resource_manager: str) -> int:
    """NodeManagers that the ResourceManager hears from; none when it does not answer."""
    answer = _get(f"{resource_manager}/ws/v1/cluster/metrics")
    return int(answer.get("clusterMetrics", {}).get("activeNodes", 0))


def make_folder(name_node: str, path: str, *, owner: str, permission: str) -> None:
    """Makes a folder in HDFS as its superuser."""
    _change(name_node, path, op="MKDIRS")
    _change(name_node, path, op="SETPERMISSION", permission=permission)
    _change(name_node, path, op="SETOWNER", owner=owner)


def _name_node_state(name_node: str) -> dict[str, Any]:
    """The NameNode's view of HDFS; empty when it does not answer."""
    beans = _get(f"{name_node}/jmx?qry=Hadoop:service=NameNode,name=FSNamesystemState").get("beans")
    return beans[0] if beans else {}


def _change(name_node: str, path: str, **parameters: str) -> None:
    query = urlencode({**parameters, "user.name": SUPERUSER})
    request = urllib.request.Request(f"{name_node}/webhdfs/v1{path}?{query}", method="PUT")
    try:
        _direct.open(request, timeout=TIMEOUT_S).close()
    except OSError as error:
        raise HadoopError(f"HDFS does not let its superuser {parameters} {path}: {error}") from error


def _get(url: str) -> dict[str, Any]:
    """A JSON answer; empty when nobody answers, or not yet."""
    request = urllib.request.Request(url, headers={"Accept": "application/json"})
    try:
        with _direct.open(request, timeout=TIMEOUT_S) as answer:
            content: dict[str, Any] = json.load(answer)
    except OSError:
        return {}
    return content

"""The launch itself: properties on which TensorFlow workers depend, and what protects them."""

import ipaddress
import os
import re
import socket
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from cluster.doctor.finding import Finding, failed, note, ok, warning
from cluster.doctor.machine import TENSORFLOW_MB
from run.profile import Profile
from run.resources import ResourceRequest, Resources, counted

Properties = Mapping[str, str]

PROTECTION = {"spark.authenticate": "authentication", "spark.network.crypto.enabled": "encryption"}
ADDRESSES = ("SPARK_LOCAL_HOSTNAME", "SPARK_LOCAL_IP")
"""Variables by which Spark is told this machine's address."""
LOCAL_PORTS = Path("/proc/sys/net/ipv4/ip_local_port_range")


def executors(profile: Profile, properties: Properties, request: ResourceRequest) -> Iterator[Finding]:
    """One worker on each of a fixed number of executors."""
    key = "spark.dynamicAllocation.enabled"
    if properties.get(key, "false").lower() == "false":
        yield ok("dynamic allocation", "off")
    else:
        found = f"{key}={properties[key]}: an executor that leaves takes its worker along"
        yield failed("dynamic allocation", found, f"Set {key} to false, or leave it out.")
    slots = (
        f"{request.slots}, from {counted(request.cores, 'core')} and spark.task.cpus={properties['spark.task.cpus']}"
    )
    if request.slots == 1:
        yield ok("task slots", slots)
    else:
        yield failed("task slots", slots, f"An executor has one worker: set spark.task.cpus={request.cores}.")
    if request.executors == profile.workers:
        yield ok("executors", f"{request.executors}, as many as workers")
    elif request.executors:
        found = f"{request.executors}, and as many workers, where the profile says {profile.workers}"
        yield warning("executors", found, f"Set workers = {request.executors} in the profile.")
    else:
        yield failed("executors", "none", "Set workers in the profile, and leave spark.executor.instances to it.")


def in_local_cluster(properties: Properties, request: ResourceRequest) -> Iterator[Finding]:
    """An executor has to be what local-cluster[number, cores, memory] makes room for; else Spark waits for ever."""
    _, cores, memory = map(int, re.findall(r"\d+", properties["spark.master"]))
    if request.cores != cores or request.heap_mb > memory:
        found = f"{request.executor} each, where there is room for {Resources(memory, cores)}"
        yield failed("executor", found, "Set executor_memory_mb and cores in the profile, not after --.")


def memory_overhead(request: ResourceRequest) -> Iterator[Finding]:
    """Memory for what runs outside an executor's JVM."""
    found = f"{request.overhead_mb:,} MiB for TensorFlow, Python and their data"
    if request.overhead_mb >= TENSORFLOW_MB:
        yield ok("memory overhead", found)
    else:
        remedy = f"YARN kills what takes more: set memory_overhead_mb to {TENSORFLOW_MB} or more in the profile."
        yield warning("memory overhead", found, remedy)


def protection(properties: Properties) -> Iterator[Finding]:
    """Who may speak to driver and executors, and who can read along."""
    for key, what in PROTECTION.items():
        if properties.get(key, "false").lower() == "true":
            yield ok(what, f"{key}=true")
        else:
            yield warning(
                what, f"{key}=false, in Spark's own connections", f'Set "{key}" = "true" in the profile\'s [spark].'
            )


def discovery(properties: Properties) -> Iterator[Finding]:
    """The script that tells an executor which GPUs are its own travels with the application."""
    script = properties["spark.executor.resource.gpu.discoveryScript"]
    sent = {_name_on_node(uri): uri for uri in properties.get("spark.yarn.dist.files", "").split(",")}
    uri = sent.get(script.removeprefix("./"))
    if script.startswith("/"):
        yield note("discovery script", f"{script} has to be on every node")
    elif uri is None or (urlsplit(uri).scheme == "file" and not _path(uri).is_file()):
        remedy = "Leave spark.yarn.dist.files and the script to the profile's gpus, or install textcnn again."
        yield failed("discovery script", f"{script} is not among the files that travel along", remedy)
    else:
        yield ok("discovery script", f"{script} travels along; it asks nvidia-smi on the node")


def ports(properties: Properties, nodes: Sequence[str]) -> Iterator[Finding]:
    """Ways between driver and executors.

    Args:
        properties: of the launch.
        nodes: names of the nodes, as far as they are known.
    """
    if properties["spark.submit.deployMode"] == "client":
        yield _way_to_driver(properties, nodes)
    first, last = LOCAL_PORTS.read_text(encoding="utf-8").split()
    yield note("ports", f"the system chooses among {first}-{last} (as here): open them in firewalls between nodes")
    yield note("Java of the nodes", "JAVA_HOME of the NodeManagers has to be one that this Spark runs on")


def _way_to_driver(properties: Properties, nodes: Sequence[str]) -> Finding:
    chosen = properties.get("spark.driver.host") or next(filter(None, map(os.environ.get, ADDRESSES)), None)
    name = chosen or socket.gethostname()
    remedy = "Set spark.driver.host in the profile's [spark] to an address of this machine that the nodes reach."
    try:
        address = socket.gethostbyname(name)
    except OSError as error:
        return failed("driver's address", f"{name} has none: {error.strerror}", remedy)
    if not _is_loopback(address):
        return ok("driver's address", f"{name}, {address}")
    if nodes and all(map(_is_this_machine, nodes)):
        return ok("driver's address", f"{name}, {address}: the nodes are on this machine")
    if chosen:
        return failed("driver's address", f"{name} is {address}, which on every node is the node itself", remedy)
    return warning("driver's address", f"{name} is {address}: Spark takes another interface, if there is one", remedy)


def _is_this_machine(node: str) -> bool:
    try:
        return _is_loopback(socket.gethostbyname(node))
    except OSError:
        return False


def _is_loopback(address: str) -> bool:
    return ipaddress.ip_address(address).is_loopback


def _name_on_node(uri: str) -> str:
    """A file's name in the container's folder."""
    return uri.partition("#")[2] or uri.rpartition("/")[2]


def _path(uri: str) -> Path:
    return Path(unquote(urlsplit(uri).path))

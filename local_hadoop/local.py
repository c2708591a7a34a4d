"""HDFS and YARN on this machine: up, status, down, and Hadoop's own tools against them."""

import json
import os
import pwd
import re
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from local_hadoop import web
from local_hadoop.daemons import Process, java_command, processes_of, stop, wait_until_ready
from local_hadoop.errors import HadoopError
from local_hadoop.jars import fetch_jars
from local_hadoop.ports import FREE_PORTS, LOOPBACK, MasterPorts, choose_ports
from local_hadoop.roles import format_hdfs, is_node_manager, start_daemons
from local_hadoop.settings import LOGS_FOLDER, SUPERUSER, Settings, write_configuration

FS_SHELL = "org.apache.hadoop.fs.FsShell"
APPLICATIONS = "org.apache.hadoop.yarn.client.cli.ApplicationCLI"
"""Its first argument is `application`, `applicationattempt` or `container`."""
LOGS = "org.apache.hadoop.yarn.client.cli.LogsCLI"

STATE_FILE = "hadoop.json"

LEAST_FREE = 4 * 2**30
"""Bytes of disk: a DataNode wants room for a whole block, 128 MiB, of each file that is being written, and a
NodeManager unpacks what its containers are sent."""


@dataclass(frozen=True, kw_only=True)
class LocalHadoop:
    """Where HDFS and YARN are."""

    folder: Path
    """All that they keep, and all that `down` removes."""
    default_fs: str
    """HDFS's address, hdfs://host:port."""
    name_node: str
    """The NameNode's web pages and WebHDFS, http://host:port."""
    resource_manager: str
    """The ResourceManager's web pages and REST, http://host:port."""
    nodes: int
    """How many NodeManagers there should be."""

    @property
    def conf_dir(self) -> Path:
        """What clients need as HADOOP_CONF_DIR."""
        return self.folder / "conf" / "client"


@dataclass(frozen=True, kw_only=True)
class Status:
    """How HDFS and YARN are."""

    hadoop: LocalHadoop
    daemons: tuple[Process, ...]
    live_data_nodes: int
    running_nodes: int

    @property
    def dead(self) -> tuple[str, ...]:
        """Names of the daemons that were started and are gone."""
        return tuple(daemon.name for daemon in self.daemons if not daemon.alive)

    @property
    def healthy(self) -> bool:
        """Whether everything that was started works."""
        return not self.dead and self.live_data_nodes == 1 and self.running_nodes == self.hadoop.nodes


def up(
    folder: Path,
    nodes: int = 2,
    gpus: int = 0,
    *,
    gpu_nodes: int | None = None,
    node_memory_mb: int = 8192,
    node_vcores: int = 4,
    mapreduce: bool = False,
    preemption: bool = False,
    ports: MasterPorts = FREE_PORTS,
    timeout_s: float = 120,
) -> LocalHadoop:
    """Starts HDFS and YARN in a folder of their own and returns when they can be used.

    They listen on this machine alone, and believe every user of it. One part does not: the service that hands the
    output of MapReduce's mappers to its reducers has no setting for its address. It listens at all of them, and answers
    who signs with a job's secret.

    Args:
        folder: Where everything lies; must not exist yet.
        nodes: NodeManagers.
        gpus: GPUs that each node says it has. They are counted, not looked for.
        gpu_nodes: How many nodes have any, from the first; all if not given.
        node_memory_mb: Memory of each node for containers.
        node_vcores: Virtual cores of each node.
        mapreduce: Whether MapReduce's jobs run on it.
        preemption: Whether there is a queue `urgent` too, whose half of the cluster is taken back from `default` when
            needed.
        ports: Configured ports; free ones elsewhere.
        timeout_s: How long the daemons may take to be ready.

    Raises:
        HadoopError: The folder is in use, or a daemon did not start; then nothing is left of any.
    """
    folder = folder.expanduser().resolve()
    _check(folder, nodes, gpus)
    jars = fetch_jars()
    settings = Settings(
        folder=folder,
        user=_user(),
        ports=choose_ports(ports, nodes),
        gpus=gpus,
        gpu_nodes=nodes if gpu_nodes is None else gpu_nodes,
        node_memory_mb=node_memory_mb,
        node_vcores=node_vcores,
        mapreduce_jars=jars if mapreduce else None,
        preemption=preemption,
    )
    hadoop = _hadoop_of(settings)
    _claim(folder)
    try:
        _start_all(hadoop, settings, jars, timeout_s)
    except BaseException:
        _remove(folder)
        raise
    return hadoop


def status(folder: Path) -> Status:
    """How the Hadoop in a folder is.

    Raises:
        HadoopError: There is none.
    """
    hadoop, daemons = _load(folder.expanduser().resolve())
    return Status(
        hadoop=hadoop,
        daemons=daemons,
        live_data_nodes=web.live_data_nodes(hadoop.name_node),
        running_nodes=web.running_nodes(hadoop.resource_manager),
    )


def down(folder: Path) -> None:
    """Stops the Hadoop in a folder, with all containers, and removes the folder.

    Raises:
        HadoopError: There is none.
    """
    folder = folder.expanduser().resolve()
    _, daemons = _load(folder)
    # NodeManagers first: they end their containers, and take leave of a ResourceManager that still answers.
    stop(filter(is_node_manager, daemons))
    stop(daemons)
    _remove(folder)


def client(
    hadoop: LocalHadoop, main_class: str, *args: str, user: str | None = None, timeout_s: float = 120
) -> subprocess.CompletedProcess[str]:
    """Runs one of Hadoop's own tools and returns its exit status and what it printed.

    Args:
        hadoop: The Hadoop that it works on.
        main_class: The tool, such as FS_SHELL, APPLICATIONS or LOGS.
        *args: Its arguments.
        user: Who it acts as; who runs this by default.
        timeout_s: How long it may take.
    """
    environment = {**os.environ, "HADOOP_USER_NAME": user} if user else None
    return subprocess.run(
        java_command([hadoop.conf_dir, fetch_jars() / "*"], main_class, *args),
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=timeout_s,
        check=False,
    )


def _check(folder: Path, nodes: int, gpus: int) -> None:
    """Refuses what Hadoop would fail on later, and less clearly."""
    if not Path("/proc/self/stat").exists():
        raise HadoopError(f"Hadoop on one machine needs Linux, for its /proc. Received: {sys.platform}.")
    # A DataNode ends on the % of an escaped character, and colons and commas separate paths.
    if not re.fullmatch(r"[A-Za-z0-9/._+=@-]+", str(folder)):
        raise HadoopError(
            "Hadoop's folder may have ASCII letters, digits and any of ._+=@- in its path, and nothing else: "
            f"choose another one. Received: {folder}"
        )
    if nodes < 1 or gpus < 0:
        raise HadoopError(
            f"Hadoop needs at least 1 node, with 0 or more GPUs each. Received: nodes={nodes}, gpus={gpus}."
        )
    disk = next(place for place in (folder, *folder.parents) if place.exists())
    free = shutil.disk_usage(disk).free
    if free < LEAST_FREE:
        raise HadoopError(
            f"Hadoop needs {LEAST_FREE / 2**30:.0f} GiB of free disk, or else HDFS takes no files: make room, or "
            f"choose a folder on another disk. {disk} has {free / 2**30:.1f} GiB."
        )


def _user() -> str:
    """Who Hadoop's clients act as by themselves."""
    return os.environ.get("HADOOP_USER_NAME") or pwd.getpwuid(os.getuid()).pw_name


def _hadoop_of(settings: Settings) -> LocalHadoop:
    masters = settings.ports.masters
    return LocalHadoop(
        folder=settings.folder,
        default_fs=settings.default_fs,
        name_node=f"http://{LOOPBACK}:{masters.name_node_web}",
        resource_manager=f"http://{LOOPBACK}:{masters.resource_manager_web}",
        nodes=len(settings.ports.nodes),
    )


def _claim(folder: Path) -> None:
    """Makes the folder, which is what two processes can race for."""
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        raise HadoopError(_why_in_use(folder)) from None


def _why_in_use(folder: Path) -> str:
    end_it = f"`textcnn hadoop down --folder {folder}`"
    if not (folder / STATE_FILE).exists():
        return f"{folder} exists and holds no Hadoop: remove it, or choose a folder that does not exist yet."
    if any(processes_of(folder)):
        return f"Hadoop is already up in {folder}: use that one, or end it with {end_it}."
    return f"Hadoop was up in {folder} and has gone (a reboot?): remove what is left of it with {end_it}."


def _start_all(hadoop: LocalHadoop, settings: Settings, jars: Path, timeout_s: float) -> None:
    """Starts every daemon, waits until each of them counts every other, and makes the first folders."""
    _save(hadoop, ())
    write_configuration(settings)
    format_hdfs(settings, jars, timeout_s)
    daemons = start_daemons(settings, jars)
    _save(hadoop, daemons)
    wait_until_ready(lambda: _ready(hadoop), daemons, folder=settings.folder, timeout_s=timeout_s)
    _make_folders(hadoop.name_node, settings.user)


def _ready(hadoop: LocalHadoop) -> bool:
    """Whether HDFS takes files, its DataNode is live, and every node is RUNNING in the ResourceManager."""
    return (
        web.name_node_is_ready(hadoop.name_node)
        and web.live_data_nodes(hadoop.name_node) == 1
        and web.running_nodes(hadoop.resource_manager) == hadoop.nodes
    )


def _make_folders(name_node: str, user: str) -> None:
    """Makes what every HDFS has: a folder for anybody, one for the logs of containers, and a home."""
    web.make_folder(name_node, "/tmp", owner=SUPERUSER, permission="1777")
    web.make_folder(name_node, LOGS_FOLDER, owner=user, permission="1777")
    web.make_folder(name_node, "/user", owner=SUPERUSER, permission="755")
    web.make_folder(name_node, f"/user/{user}", owner=user, permission="755")


def _remove(folder: Path) -> None:
    """Ends what still runs for this folder, containers that lost their NodeManager included, and removes it."""
    for _ in range(5):  # a process may start another one while it is being stopped
        left = tuple(processes_of(folder))
        if not left:
            break
        stop(left)
    else:
        raise HadoopError(f"Processes of {folder} keep starting others. End them by hand: {left}")
    shutil.rmtree(folder)


def _save(hadoop: LocalHadoop, daemons: tuple[Process, ...]) -> None:
    """Writes the state under another name and renames it, so that it is never read by half."""
    state = {
        "hadoop": {**asdict(hadoop), "folder": str(hadoop.folder)},
        "daemons": [asdict(daemon) for daemon in daemons],
    }
    new = hadoop.folder / f"{STATE_FILE}.new"
    new.write_text(json.dumps(state, indent=2) + "\n", encoding="utf-8")
    new.rename(hadoop.folder / STATE_FILE)


def _load(folder: Path) -> tuple[LocalHadoop, tuple[Process, ...]]:
    try:
        state: dict[str, Any] = json.loads((folder / STATE_FILE).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise HadoopError(f"There is no Hadoop in {folder}: start one with `textcnn hadoop up`.") from None
    hadoop = LocalHadoop(**{**state["hadoop"], "folder": Path(state["hadoop"]["folder"])})
    return hadoop, tuple(Process(**daemon) for daemon in state["daemons"])

"""Which daemons there are, and how each of them is started."""

import os
import subprocess
from pathlib import Path

from local_hadoop.daemons import DAEMON_MARK, Process, java, java_command, log_of, start
from local_hadoop.errors import HadoopError
from local_hadoop.settings import SUPERUSER, Settings

NAME_NODE = "org.apache.hadoop.hdfs.server.namenode.NameNode"
DATA_NODE = "org.apache.hadoop.hdfs.server.datanode.DataNode"
RESOURCE_MANAGER = "org.apache.hadoop.yarn.server.resourcemanager.ResourceManager"
NODE_MANAGER = "org.apache.hadoop.yarn.server.nodemanager.NodeManager"

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
INHERITED = ("HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ")


def start_daemons(settings: Settings, jars: Path) -> tuple[Process, ...]:
    """Starts all of them, in no need of an order: they wait for each other."""
    client = settings.conf_dir
    nodes = range(len(settings.ports.nodes))
    return (
        _start(settings, jars, "name-node", NAME_NODE, client, user=SUPERUSER),
        _start(settings, jars, "data-node", DATA_NODE, client, user=SUPERUSER),
        _start(settings, jars, "resource-manager", RESOURCE_MANAGER, client),
        *(_start(settings, jars, _node_name(n), NODE_MANAGER, settings.node_conf_dir(n)) for n in nodes),
    )


def is_node_manager(daemon: Process) -> bool:
    """Whether a daemon is one that runs containers."""
    return daemon.name.startswith(_node_name(""))


def format_hdfs(settings: Settings, jars: Path, timeout_s: float) -> None:
    """Makes an empty HDFS, which the NameNode does not do by itself.

    Raises:
        HadoopError: It failed or took too long; with what it said.
    """
    command = [*_command(settings, jars, NAME_NODE, settings.conf_dir), "-format", "-nonInteractive"]
    log = log_of(settings.folder, "format")
    environment = daemon_environment(settings.folder, SUPERUSER)
    try:
        with log.open("wb") as output:
            subprocess.run(
                command,
                cwd=settings.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=timeout_s,
                check=True,
            )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        said = log.read_text(encoding="utf-8", errors="replace")
        raise HadoopError(f"HDFS could not be formatted: {error}. It said:\n{said}") from error


def daemon_environment(folder: Path, user: str | None = None) -> dict[str, str]:
    """Little of this shell's environment, because YARN hands some of it on to containers."""
    environment = {name: os.environ[name] for name in INHERITED if name in os.environ}
    environment |= {"PATH": PATH, "JAVA_HOME": str(java().parent.parent), DAEMON_MARK: str(folder)}
    if user is not None:
        environment["HADOOP_USER_NAME"] = user
    return environment


def _node_name(node: int | str) -> str:
    return f"node-manager-{node}"


def _start(
    settings: Settings, jars: Path, name: str, main_class: str, conf_dir: Path, user: str | None = None
) -> Process:
    command = _command(settings, jars, main_class, conf_dir)
    environment = daemon_environment(settings.folder, user)
    return start(name, command, folder=settings.folder, environment=environment)


def _command(settings: Settings, jars: Path, main_class: str, conf_dir: Path) -> list[str]:
    # All that a daemon writes lies in the folder, what Java puts into /tmp by default included.
    options = ("-Dhadoop.root.logger=INFO,console", f"-Djava.io.tmpdir={settings.temporary_dir}")
    return java_command([conf_dir, jars / "*"], main_class, options=options)

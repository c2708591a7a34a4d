"""`textcnn hadoop`: HDFS and YARN on this machine from the command line."""

import argparse
import os
import shlex
import sys
import time
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from local_hadoop.errors import HadoopError
from local_hadoop.local import LocalHadoop, Status, down, status, up
from local_hadoop.ports import MasterPorts


def main(argv: Sequence[str]) -> int:
    """Runs `textcnn hadoop …`; 0 if what was asked for is so, else 1."""
    arguments = parser().parse_args(argv)
    actions = {"up": _up, "status": _status, "down": _down}
    try:
        return actions[arguments.action](arguments)
    except HadoopError as error:
        print(f"textcnn hadoop {arguments.action}: {error}", file=sys.stderr)
        return 1


def default_folder() -> Path:
    """Where Hadoop lies unless told otherwise."""
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "textcnn" / "hadoop"


def parser() -> argparse.ArgumentParser:
    """Returns the parser of `textcnn hadoop`."""
    top = argparse.ArgumentParser(
        prog="textcnn hadoop",
        description="HDFS and YARN on this machine, for development, tests and a first look. "
        "They listen on this machine alone and ask nobody for a password.",
    )
    actions = top.add_subparsers(dest="action", required=True)
    start = actions.add_parser("up", help="start them and print what a shell needs")
    start.add_argument("--nodes", type=int, default=2, help="NodeManagers (default: %(default)s)")
    start.add_argument("--gpus", type=int, default=0, help="GPUs that each node says it has (default: none)")
    start.add_argument("--gpu-nodes", type=int, help="how many nodes have any (default: all)")
    start.add_argument(
        "--mapreduce", action="store_true", help="run MapReduce's jobs too; its shuffle listens at every address"
    )
    for field in fields(MasterPorts):
        option = f"--{field.name.replace('_', '-')}-port"
        start.add_argument(option, type=int, default=0, dest=field.name, metavar="PORT", help="default: a free one")
    show = actions.add_parser("status", help="show whether they work")
    end = actions.add_parser("down", help="stop them and remove their folder, with all that is on this HDFS")
    for action in (start, show, end):
        action.add_argument("--folder", type=Path, default=default_folder(), help="default: %(default)s")
    return top


def _up(arguments: argparse.Namespace) -> int:
    ports = MasterPorts(**{field.name: getattr(arguments, field.name) for field in fields(MasterPorts)})
    begun = time.monotonic()
    hadoop = up(
        arguments.folder,
        nodes=arguments.nodes,
        gpus=arguments.gpus,
        gpu_nodes=arguments.gpu_nodes,
        mapreduce=arguments.mapreduce,
        ports=ports,
    )
    print(_exports(hadoop, time.monotonic() - begun))
    return 0


def _status(arguments: argparse.Namespace) -> int:
    now = status(arguments.folder)
    print(_describe(now))
    return 0 if now.healthy else 1


def _down(arguments: argparse.Namespace) -> int:
    down(arguments.folder)
    return 0


def _exports(hadoop: LocalHadoop, seconds: float) -> str:
    """What a shell needs, so that `eval "$(textcnn hadoop up)"` works as well as reading it."""
    return "\n".join(
        (
            f"# HDFS and {hadoop.nodes} YARN nodes are ready after {seconds:.0f} s.",
            f"export HADOOP_CONF_DIR={shlex.quote(str(hadoop.conf_dir))}",
            f"# HDFS: {hadoop.default_fs} and {hadoop.name_node}",
            f"# YARN: {hadoop.resource_manager}",
            f"# End it with: textcnn hadoop down --folder {shlex.quote(str(hadoop.folder))}",
        )
    )


def _describe(now: Status) -> str:
    """A line for each daemon, and what they know of each other."""
    daemons = [
        f"{daemon.name:<18} {'runs, process ' + str(daemon.pid) if daemon.alive else 'is gone'}"
        for daemon in now.daemons
    ]
    hadoop = now.hadoop
    return "\n".join(
        (
            *daemons,
            f"HDFS {hadoop.default_fs}: {now.live_data_nodes} of 1 DataNode, {hadoop.name_node}",
            f"YARN: {now.running_nodes} of {hadoop.nodes} nodes, {hadoop.resource_manager}",
            f"HADOOP_CONF_DIR={hadoop.conf_dir}",
        )
    )

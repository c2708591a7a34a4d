"""Launches a preparation by Flink: its Python is that of an environment of its own, in a process of its own."""

import os
import signal
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from cluster import flink
from engines.flink.request import Request
from run import signals
from run.config import RunConfig
from run.profile import Profile


def launch(config: RunConfig, profile: Profile, output: str, out: str) -> int:
    """Prepares a corpus in a cluster of Flink's within a process; returns the exit status.

    Args:
        config: what to prepare.
        profile: Flink's properties, and its Python.
        output: the folder of the corpus.
        out: the folder of the records.

    Raises:
        LaunchError: there is no such Python.
    """
    properties = {flink.PARALLELISM: str(os.cpu_count()), **profile.flink}
    request = Request(
        config=config,
        output=output,
        out=out,
        properties=properties,
        pieces=int(properties[flink.PARALLELISM]),
        start_timeout_s=profile.start_timeout_s,
    )
    return prepare(request, flink.python(profile))


def prepare(request: Request, python: Path) -> int:
    """Prepares what a request asks for in a process of Flink's Python; returns the exit status."""
    return run(python, "engines.flink.command", request.to_json())


def run(python: Path, module: str, request: bytes) -> int:
    """Runs a module of ours, which takes a file with a request, in a process of Flink's Python; returns its status."""
    with TemporaryDirectory(prefix="flink-") as folder:
        file = Path(folder, "request.json")
        file.write_bytes(request)
        return _run([str(python), "-m", module, str(file)])


def _run(command: list[str]) -> int:
    path = os.pathsep.join(filter(None, (str(flink.OURS), os.environ.get("PYTHONPATH"))))
    # In a session of its own: Ctrl-C is answered here and handed on once.
    with subprocess.Popen(command, env={**os.environ, "PYTHONPATH": path}, start_new_session=True) as process:
        try:
            return process.wait()
        except KeyboardInterrupt:
            with signals.ignored():
                process.send_signal(signal.SIGINT)
                return process.wait()

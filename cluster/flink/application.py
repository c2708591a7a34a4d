"""An application of Flink's on YARN: submitted, shown while it runs, and killed on a signal."""

import json
import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from cluster.errors import YarnError
from cluster.flink import PARALLELISM
from cluster.flink.containers import Containers
from cluster.yarn import client, follow
from run import signals, traces
from run.profile import Profile
from run.terminal import Terminal

POLL_SECONDS = 1.0
PAGE_SECONDS = 5.0

PROGRAM_MB, PROGRAM_PYTHON_MB = 2048, 1024
"""Memory of the container that the program runs in, and what of it Python has, outside the JVM."""
SLOT_MB, SLOT_PYTHON_MB = 2048, 1024
"""Memory that a task manager has for each of its slots, and what of it Python has, outside the JVM."""
TASK_MANAGER_MB = 1024
"""What it has besides."""

_LOGGING = Path(__file__).parents[1] / "log4j2-client.properties"
_TEMPORARY = "-Djava.io.tmpdir=$PWD/tmp"
"""A folder that goes with the container, where a JVM that is killed leaves nothing."""


@dataclass(frozen=True)
class Ended:
    """How an application has ended."""

    identity: str
    status: str
    """SUCCEEDED, FAILED or KILLED."""
    said: str
    """What YARN says of it."""


def properties(profile: Profile, name: str, containers: Containers, staging: str, place: str) -> Mapping[str, str]:
    """Returns the properties of an application; those of the profile win.

    Args:
        profile: where to run: `workers` are task managers, and `cores` the slots of each.
        name: of the application.
        containers: what they have.
        staging: the URI of the folder that it lies in.
        place: the URI of a folder for what belongs to this application alone.
    """
    asked = {
        "yarn.application.queue": profile.queue,
        "yarn.taskmanager.node-label": profile.node_label,
        "yarn.tags": ",".join(profile.tags),
    }
    return {
        "yarn.application.name": name,
        "yarn.staging-directory": place,
        PARALLELISM: str(profile.workers * profile.cores),
        "taskmanager.numberOfTaskSlots": str(profile.cores),
        "taskmanager.memory.process.size": f"{TASK_MANAGER_MB + SLOT_MB * profile.cores}m",
        "taskmanager.memory.task.off-heap.size": f"{SLOT_PYTHON_MB * profile.cores}m",
        "taskmanager.memory.managed.fraction": "0.2",  # for sorting what is encoded; 0.4 would leave the JVM no heap
        "jobmanager.memory.process.size": f"{PROGRAM_MB}m",
        "jobmanager.memory.off-heap.size": f"{PROGRAM_PYTHON_MB}m",
        "env.java.opts.jobmanager": _TEMPORARY,
        "env.java.opts.taskmanager": _TEMPORARY,
        **{key: value for key, value in asked.items() if value},
        **containers.properties(staging),
        **profile.flink,
    }


def command(containers: Containers, settings: Mapping[str, str], module: str, arguments: Sequence[str]) -> list[str]:
    """Returns the command that submits a module of ours as an application."""
    home = os.environ.get("JAVA_HOME")
    configuration = os.environ.get("HADOOP_CONF_DIR") or os.environ["YARN_CONF_DIR"]
    return [
        f"{home}/bin/java" if home else "java",
        f"-Dlog4j2.configurationFile={_LOGGING.as_uri()}",
        *("-classpath", os.pathsep.join((configuration, *containers.classpath))),
        *("org.apache.flink.client.cli.CliFrontend", "run", "--target", "yarn-application"),
        *(f"-D{key}={value}" for key, value in sorted(settings.items())),
        *("--pyModule", module, *arguments),
    ]


def run(argv: Sequence[str], flink: Path, terminal: Terminal) -> Ended:
    """Runs an application to its end.

    Args:
        argv: the command that submits it.
        flink: Flink's folder.
        terminal: shows what happens.

    Raises:
        YarnError: it cannot be submitted, or YARN does not answer.
    """
    application = follow.Application()
    try:
        _submit(argv, flink, application, terminal)
        if application.identity is None:
            said = traces.cause("".join(application.said))
            raise YarnError(f"Flink's application has not been submitted: {said}")
        return _followed(application.identity, terminal)
    except KeyboardInterrupt:
        if application.identity is not None:
            with signals.ignored():
                terminal.say(f"killing {application.identity}")
                terminal.say(f"{application.identity} {client.kill(application.identity)}")
        raise


def _submit(argv: Sequence[str], flink: Path, application: follow.Application, terminal: Terminal) -> None:
    # Without FLINK_LIB_DIR, by which the client would send the jars that are on HDFS once more.
    environment = {key: value for key, value in os.environ.items() if key != "FLINK_LIB_DIR"}
    environment |= {"FLINK_CONF_DIR": str(flink / "conf"), "FLINK_OPT_DIR": str(flink / "opt")}
    with subprocess.Popen(
        argv,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,  # Ctrl-C is answered here
    ) as process:
        assert process.stderr is not None
        try:
            for line in process.stderr:
                if told := application.hear(line):
                    terminal.say(told)
        except KeyboardInterrupt:
            with signals.ignored():
                follow.end(process)
                for line in process.stderr:  # it may have submitted meanwhile
                    application.hear(line)
            raise
        finally:
            follow.end(process)


def _followed(identity: str, terminal: Terminal) -> Ended:
    state: str | None = None
    job: str | None = None
    with client.connected() as (jvm, yarn):
        application = client.identity(jvm, identity)
        while True:
            report = yarn.getApplicationReport(application)
            before, state = state, report.getYarnApplicationState().toString()
            if state in client.ENDED:
                status = report.getFinalApplicationStatus().toString()
                terminal.say(f"{identity} {status}")
                return Ended(identity, status, str(report.getDiagnostics() or "").strip())
            if state != before:
                terminal.say(f"{identity} {state}, tracking URL {report.getTrackingUrl()}")
            job = _show(_newest_job(report.getTrackingUrl()), job, terminal)
            time.sleep(POLL_SECONDS)


def _show(job: Mapping[str, Any] | None, before: str | None, terminal: Terminal) -> str | None:
    """Shows how far a job is, and returns its name; without one, that of the job before."""
    if job is None:
        return before
    if job["name"] != before:
        terminal.stage(job["name"])
    tasks = job["tasks"]
    figures = f"{tasks['finished']} of {tasks['total']} tasks finished, {tasks['running']} running"
    terminal.advance(tasks["finished"] / max(tasks["total"], 1), figures)
    return str(job["name"])


def _newest_job(url: str) -> dict[str, Any] | None:
    """Returns what Flink's page says of the job that began last; None where there is no such page, or no job yet."""
    page = f"{url.rstrip('/')}/jobs/overview"
    # What YARN says is shown all the same.
    with suppress(OSError, ValueError, KeyError), urlopen(page, timeout=PAGE_SECONDS) as answer:
        return max(json.load(answer)["jobs"], key=lambda job: job["start-time"], default=None)
    return None

"""YARN from the gateway, by Hadoop's client in Spark's own jars: an application's end, its kill, its logs."""

import logging
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from py4j.java_gateway import GatewayClient, GatewayParameters, JavaGateway, launch_gateway
from py4j.protocol import Py4JError, Py4JJavaError

from cluster.errors import YarnError
from cluster.spark_submit import LOGGING, spark_home

ENDED = ("FINISHED", "FAILED", "KILLED")
KILL_SECONDS = 120.0
POLL_SECONDS = 0.5
END_SECONDS = 10.0
LOGS = (
    *("stderr", "stdout", "prelaunch.err"),
    *("jobmanager.log", "jobmanager.err", "jobmanager.out", "taskmanager.log", "taskmanager.err", "taskmanager.out"),
)
"""What containers write; those of Flink have names of their own."""


def kill(application: str) -> str:
    """Kills an application and returns its state when it has ended: KILLED, unless it was quicker.

    Raises:
        YarnError: YARN does not answer, knows no such application, or does not end it.
    """
    with connected() as (jvm, client):
        named = identity(jvm, application)
        client.killApplication(named)
        deadline = time.monotonic() + KILL_SECONDS
        while (state := str(client.getApplicationReport(named).getYarnApplicationState().toString())) not in ENDED:
            if time.monotonic() > deadline:
                raise YarnError(f"{application} was told to end {KILL_SECONDS:.0f} s ago and is still {state}.")
            time.sleep(POLL_SECONDS)
        return state


def print_logs(application: str) -> None:
    """Prints what the containers of an application that has ended wrote.

    Raises:
        YarnError: YARN does not answer, or has no logs of such an application.
    """
    with connected() as (jvm, client):
        report = client.getApplicationReport(identity(jvm, application))
        state = str(report.getYarnApplicationState().toString())
        if state not in ENDED:
            raise YarnError(
                f"{application} is {state}: its logs are collected when it ends. Until then they are on its nodes, see "
                f"{report.getTrackingUrl()}"
            )
        kinds = jvm.java.util.HashSet()
        for kind in LOGS:
            kinds.add(kind)
        request = jvm.org.apache.hadoop.yarn.logaggregation.ContainerLogsRequest()
        request.setAppId(report.getApplicationId())
        request.setAppOwner(report.getUser())
        request.setLogTypes(kinds)
        request.setBytes(jvm.java.lang.Long.MAX_VALUE)
        reader = jvm.org.apache.hadoop.yarn.logaggregation.LogCLIHelpers()
        reader.setConf(client.getConfig())
        if reader.dumpAllContainersLogs(request):
            raise YarnError(
                f"YARN has no logs of {application}. Collecting them takes some seconds after its end, and needs "
                "yarn.log-aggregation-enable in yarn-site.xml."
            )


def identity(jvm: Any, application: str) -> Any:
    """Returns an application's id as YARN's client takes it.

    Raises:
        YarnError: it is none.
    """
    try:
        return jvm.org.apache.hadoop.yarn.api.records.ApplicationId.fromString(application)
    except Py4JJavaError as error:
        raise YarnError(
            f"An application is named like application_1700000000000_0001. Received: {application!r}"
        ) from error


def _reason(message: str) -> str:
    """Returns what a message begins with: a stack trace or the address of Hadoop's wiki may follow."""
    return re.split(r"\n|; For more details see:", message, maxsplit=1)[0]


@contextmanager
def connected(settings: Mapping[str, str] | None = None) -> Iterator[tuple[Any, Any]]:
    """A JVM, and in it a client of the YARN that HADOOP_CONF_DIR describes.

    Args:
        settings: what is set over its configuration.

    Raises:
        YarnError: no YARN is described, or it cannot be asked.
    """
    with hadoop(prints=True) as gateway:
        client = gateway.jvm.org.apache.hadoop.yarn.client.api.YarnClient.createYarnClient()
        configuration = gateway.jvm.org.apache.hadoop.yarn.conf.YarnConfiguration()
        for key, value in (settings or {}).items():
            configuration.set(key, value)
        client.init(configuration)
        client.start()
        yield gateway.jvm, client


@contextmanager
def hadoop(*more: Path, prints: bool = False) -> Iterator[JavaGateway]:
    """A JVM with the classes of Hadoop's client in Spark's jars, and the configuration in HADOOP_CONF_DIR.

    Args:
        more: further jars.
        prints: whether its standard output is ours.

    Raises:
        YarnError: no YARN is described, or Hadoop says so.
    """
    folder = os.environ.get("HADOOP_CONF_DIR") or os.environ.get("YARN_CONF_DIR")
    if not folder:
        raise YarnError("HADOOP_CONF_DIR is not set: set it to the folder of YARN's configuration.")
    port, token, process = launch_gateway(
        classpath=os.pathsep.join((folder, f"{spark_home()}/jars/*", *map(str, more))),
        javaopts=["-Dfile.encoding=UTF-8", f"-Dlog4j2.configurationFile={LOGGING.as_uri()}"],
        enable_auth=True,
        die_on_exit=True,
        # It is closed when the JVM ends.
        redirect_stdout=os.fdopen(os.dup(1), "w", encoding="utf-8") if prints else None,
        redirect_stderr=sys.stderr,
        daemonize_redirect=False,  # all that it prints is seen
        java_path="",  # JAVA_HOME's, or else the one on the PATH
        create_new_process_group=True,  # Ctrl-C is answered here, not there
        return_proc=True,
    )
    logging.getLogger().addFilter(_is_not_of_py4j)
    gateway = JavaGateway(_Client(gateway_parameters=GatewayParameters(port=port, auth_token=token)))
    try:
        yield gateway
    except Py4JJavaError as error:
        raise YarnError(f"YARN says: {_reason(str(error.java_exception.getMessage()))}") from error
    except Py4JError as error:
        raise YarnError(f"YARN's client has ended: {error}") from error
    finally:
        gateway.shutdown()
        process.stdin.close()
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()


class _Client(GatewayClient):  # type: ignore[misc]  # Py4J has no types
    """Raises the interrupt of a call. Py4J 0.10.9.9 calls a method then that only connections of another kind have."""

    def send_command(self, *arguments: Any, **options: Any) -> Any:
        """Sends a command to the JVM."""
        try:
            return super().send_command(*arguments, **options)
        except AttributeError as error:
            if isinstance(error.__context__, KeyboardInterrupt):
                raise error.__context__ from None
            raise


def _is_not_of_py4j(record: logging.LogRecord) -> bool:
    """Whether to log a record: what Py4J logs of an interrupt, with a traceback, it raises as well."""
    return "py4j" not in record.pathname

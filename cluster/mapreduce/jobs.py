"""Hadoop Streaming's jobs: submitted to YARN, shown while they run, and killed on a signal."""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from py4j.java_gateway import JavaGateway

from cluster.errors import LaunchError
from cluster.mapreduce.containers import Containers
from cluster.yarn import client
from run import signals
from run.profile import Profile
from run.terminal import Terminal

POLL_SECONDS = 1.0
COUNTERS = "textcnn"
"""The group of the counters that mappers and reducers add to."""

TASK_MB, JVM_MB = 2048, 512
"""Memory of a mapper's or reducer's container, and of the JVM in it; the rest is Python's."""

_LINES = "org.apache.hadoop.mapred.lib.NLineInputFormat"
_BY_FIELDS = "org.apache.hadoop.mapred.lib.KeyFieldBasedPartitioner"


@dataclass(frozen=True, kw_only=True)
class StreamingJob:
    """A job; its mapper, combiner and reducer are arguments of Python."""

    name: str
    tasks: str
    """The URI of a file with a line for each mapper."""
    output: str
    """The URI of the folder that its reducers write to; must not be there yet."""
    mapper: Sequence[str]
    reducer: Sequence[str]
    reducers: int
    combiner: Sequence[str] = ()
    key_fields: int = 1
    """Fields of a mapper's line by which they are sorted; the first of them chooses the reducer."""
    files: Sequence[str] = ()
    """What lies in every container too: URIs with the file's name there after a #."""


@dataclass(frozen=True)
class Ended:
    """How a job has ended."""

    succeeded: bool
    said: str = ""
    """What Hadoop says of its failure."""


Run = Callable[[StreamingJob], Ended]


@contextmanager
def mapreduce(
    profile: Profile, containers: Containers, staging: str, streaming: Path, terminal: Terminal
) -> Iterator[Run]:
    """Gives what runs jobs, one after the other.

    Args:
        profile: where to run.
        containers: what mappers and reducers have.
        staging: the URI of the folder that it lies in.
        streaming: the jar of Hadoop Streaming.
        terminal: shows what happens.

    Raises:
        YarnError: YARN does not answer, or takes no job.
    """
    with client.hadoop(streaming) as gateway:

        def run(job: StreamingJob) -> Ended:
            configuration = _configuration(gateway, job, containers)
            for key, value in properties(profile, job, containers, staging).items():
                configuration.set(key, value)
            terminal.stage(job.name)
            submitted = gateway.jvm.org.apache.hadoop.mapred.JobClient(configuration).submitJob(configuration)
            try:
                terminal.say(f"submitted {submitted.getID().toString()}, tracking URL {submitted.getTrackingURL()}")
                return _followed(submitted, terminal)
            except KeyboardInterrupt:
                with signals.ignored():
                    terminal.say(f"killing {submitted.getID().toString()}")
                    submitted.killJob()
                raise

        yield run


def streaming_jar() -> Path | None:
    """Returns the jar of Hadoop Streaming that this machine's Hadoop has: HADOOP_STREAMING_JAR, or HADOOP_HOME's.

    Raises:
        LaunchError: HADOOP_STREAMING_JAR names no file.
    """
    if named := os.environ.get("HADOOP_STREAMING_JAR"):
        if not Path(named).is_file():
            raise LaunchError(f"HADOOP_STREAMING_JAR names no file. Received: {named}")
        return Path(named)
    home = os.environ.get("HADOOP_HOME")
    return next(iter(sorted(Path(home).glob("share/hadoop/tools/lib/hadoop-streaming-*.jar"))), None) if home else None


def arguments(job: StreamingJob, containers: Containers) -> list[str]:
    """Returns the job as arguments of Hadoop Streaming."""
    combiner = ["-combiner", containers.command(*job.combiner)] if job.combiner else []
    variables = [part for key, value in containers.variables.items() for part in ("-cmdenv", f"{key}={value}")]
    return [
        *("-input", job.tasks, "-inputformat", _LINES, "-output", job.output),
        *("-mapper", containers.command(*job.mapper), *combiner, "-reducer", containers.command(*job.reducer)),
        *("-numReduceTasks", str(job.reducers), "-partitioner", _BY_FIELDS, *variables),
    ]


def properties(profile: Profile, job: StreamingJob, containers: Containers, staging: str) -> Mapping[str, str]:
    """Returns the properties of a job beside its arguments; those of the profile win."""
    place = {
        "mapreduce.job.queuename": profile.queue,
        "mapreduce.job.node-label-expression": profile.node_label,
        "mapreduce.job.tags": ",".join(profile.tags),
    }
    memory = {
        f"mapreduce.{kind}.{key}": value
        for kind in ("map", "reduce")
        for key, value in (("memory.mb", str(TASK_MB)), ("java.opts", f"-Xmx{JVM_MB}m"))
    }
    return {
        "mapreduce.job.name": job.name,
        "mapreduce.framework.name": "yarn",
        "mapreduce.input.lineinputformat.linespermap": "1",
        "stream.map.input.ignoreKey": "true",
        "stream.num.map.output.key.fields": str(job.key_fields),
        "mapreduce.partition.keypartitioner.options": "-k1,1",
        **memory,
        **{key: value for key, value in place.items() if value},
        **containers.properties(staging, job.files),
        **profile.mapreduce,
    }


def _configuration(gateway: JavaGateway, job: StreamingJob, containers: Containers) -> Any:
    words = arguments(job, containers)
    array = gateway.new_array(gateway.jvm.java.lang.String, len(words))
    for place, word in enumerate(words):
        array[place] = word
    return gateway.jvm.org.apache.hadoop.streaming.StreamJob.createJob(array)


def _followed(job: Any, terminal: Terminal) -> Ended:
    while True:
        complete = job.isComplete()
        shares = f"map {100 * job.mapProgress():.0f} %, reduce {100 * job.reduceProgress():.0f} %"
        terminal.advance((job.mapProgress() + job.reduceProgress()) / 2, ", ".join((shares, *_counters(job))))
        if complete:
            break
        time.sleep(POLL_SECONDS)
    if job.isSuccessful():
        terminal.say(", ".join((f"{job.getID().toString()} succeeded", *_counters(job))))
        return Ended(True)
    application = job.getID().toString().replace("job_", "application_")
    terminal.say(f"the rest is in its logs: textcnn logs {application}")
    return Ended(False, "\n".join([str(job.getFailureInfo() or ""), *_diagnostics(job)]).strip())


def _counters(job: Any) -> Iterator[str]:
    """Yields what tasks have counted; an application that has ended tells no more."""
    if (counters := job.getCounters()) is not None:
        group = counters.getGroup(COUNTERS).iterator()
        while group.hasNext():
            counter = group.next()
            yield f"{counter.getValue():,} {counter.getDisplayName()}"


def _diagnostics(job: Any) -> Iterator[str]:
    """Yields what Hadoop says of each attempt that failed."""
    for event in job.getTaskCompletionEvents(0):
        if event.getTaskStatus().toString() in ("FAILED", "TIPFAILED"):
            yield from job.getTaskDiagnostics(event.getTaskAttemptId()) or ()

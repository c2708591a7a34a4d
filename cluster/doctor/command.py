"""Goes through the checks of a profile and prints what they find."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from cluster import local
from cluster.doctor import containers, engines, environment, hdfs, machine, probe
from cluster.doctor import properties as checks
from cluster.doctor.capacity import ask
from cluster.doctor.finding import Finding, broken, guarded, note
from cluster.errors import LaunchError, YarnError
from cluster.spark_submit import Launch, spark_home
from cluster.yarn import artifacts
from cluster.yarn.command import command
from run.profile import Profile
from run.resources import ResourceRequest, counted


def doctor(profile: Profile, passed_on: Sequence[str] = (), probing: bool = False) -> int:
    """Prints a line for each check, and its remedy below where there is one.

    Args:
        profile: where a run would be launched.
        passed_on: the user's spark-submit arguments.
        probing: whether a container is started too, if nothing else has failed.

    Returns:
        The exit status: 2 if a launch would fail, else 0.

    Raises:
        LaunchError: a container is to be started, and the profile is not for YARN.
    """
    if probing and profile.master != "yarn":
        raise LaunchError("A probe is a container on YARN.", 'Give --probe a profile with master = "yarn".')
    verdicts: Counter[str] = Counter()
    told(findings(profile, passed_on), verdicts)
    if probing and verdicts["failed"]:
        print(note("probe", "left out: what has failed above would fail there too"))
    elif probing:
        told(guarded("probe", probe.findings(profile, passed_on)), verdicts)
    print(f"{verdicts['failed']} failed, {counted(verdicts['warning'], 'warning')}")
    return 2 if verdicts["failed"] else 0


def told(found: Iterable[Finding], verdicts: Counter[str]) -> None:
    """Prints findings as they come, and counts their verdicts."""
    for finding in found:
        print(finding, flush=True)
        verdicts[finding.verdict] += 1


def findings(profile: Profile, passed_on: Sequence[str]) -> Iterator[Finding]:
    """Yields what the checks find; those that need what has failed are left out."""
    yield from guarded("Python", machine.python_version())
    java = yield from guarded("Java", machine.java_version())
    spark = yield from guarded("Spark", machine.spark_version())
    if profile.master == "local":
        if spark:
            yield from guarded("launch", _here(profile, passed_on))
        yield from guarded("Flink", engines.flink_environment(profile))
        return
    client = spark and (yield from guarded("Hadoop client", machine.hadoop_client()))
    configured = yield from guarded("HADOOP_CONF_DIR", machine.hadoop_configuration())
    has_hdfs = configured and (yield from guarded("HDFS", hdfs.findings(profile)))
    if configured and spark:
        yield from guarded("launch", _on_yarn(profile, passed_on, can_ask=java and client))
    yield from guarded("environment", environment.findings(profile, has_hdfs))
    if configured:
        yield from guarded("MapReduce", engines.mapreduce())
        yield from guarded("Flink", engines.flink_environment(profile))


def _here(profile: Profile, passed_on: Sequence[str]) -> Iterator[Finding]:
    properties = local.command(profile, _launch(passed_on), Path("logs")).effective()
    wanted = ResourceRequest.of(properties)
    yield from checks.executors(profile, properties, wanted)
    yield from checks.in_local_cluster(properties, wanted)
    yield from machine.room(wanted)


def _on_yarn(profile: Profile, passed_on: Sequence[str], can_ask: bool) -> Iterator[Finding]:
    properties = _properties(profile, passed_on)
    wanted = ResourceRequest.of(properties)
    queue = properties.get("spark.yarn.queue", "default")
    capacity = None
    if can_ask:
        try:
            capacity = ask(queue)
        except YarnError as error:
            yield broken("YARN", error)
        else:
            yield from containers.findings(profile, queue, wanted, capacity)
    if wanted.gpus:
        yield from checks.discovery(properties)
    yield from checks.executors(profile, properties, wanted)
    yield from checks.memory_overhead(wanted)
    yield from checks.ports(properties, [node.host for node in capacity.nodes] if capacity else [])
    yield from checks.protection(properties)


def _properties(profile: Profile, passed_on: Sequence[str]) -> dict[str, str]:
    """The launch's properties, but for places on HDFS and the environment, which has checks of its own."""
    without = replace(profile, environment=None)
    needed = artifacts.of(without, spark_home())
    return command(without, _launch(passed_on), needed, "hdfs:///staging").effective()


def _launch(passed_on: Sequence[str]) -> Launch:
    """A launch of which nothing is checked but what every launch has."""
    return Launch(
        name="doctor", script=Path("train.py"), run_file=Path("run.toml"), out="runs/doctor", passed_on=passed_on
    )

"""Launches a preparation by MapReduce from the gateway: puts on HDFS what the nodes need, and runs the jobs."""

from collections.abc import Callable
from pathlib import Path

from cluster.errors import LaunchError
from cluster.mapreduce.containers import Containers
from cluster.mapreduce.jobs import mapreduce
from cluster.yarn import artifacts
from cluster.yarn.uris import on_hdfs
from engines import inputs
from engines.mapreduce.prepare import prepare
from engines.records import Records, recorded
from prepared import folder
from prepared.manifest import Manifest
from run.config import RunConfig
from run.profile import Profile
from run.terminal import Terminal

MAPPERS, REDUCERS = "mapreduce.job.maps", "mapreduce.job.reduces"
"""Hadoop's properties for how many a job should have."""


def launch(
    config: RunConfig, profile: Profile, output: str, out: str, streaming: Callable[[], Path], terminal: Terminal
) -> int:
    """Prepares a corpus on YARN; returns the exit status.

    Args:
        config: what to prepare; its paths are on HDFS.
        profile: where; its `workers` are the least number of mappers and the number of reducers, unless Hadoop's
            properties in its `mapreduce` give others.
        output: the folder of the corpus, on HDFS.
        out: the folder of the records, on HDFS.
        streaming: finds the jar of Hadoop Streaming.
        terminal: shows what happens.

    Raises:
        LaunchError: the profile is not for YARN, or what the nodes need is missing.
        StorageError: HDFS cannot be written.
    """
    if profile.master != "yarn":
        raise LaunchError("MapReduce runs on YARN.", 'Give --profile one with master = "yarn".')
    containers = Containers.of(profile)
    staging = on_hdfs(profile.staging, profile.principal)
    for upload in artifacts.put(containers, staging):
        terminal.say(str(upload))
    config, target = inputs.on_hdfs(config, profile.principal), on_hdfs(output, profile.principal)
    reducers, wanted = (int(profile.mapreduce.get(key, profile.workers)) for key in (REDUCERS, MAPPERS))

    def prepared(records: Records) -> tuple[str, Manifest]:
        folder.check_free(target)
        with mapreduce(profile, containers, staging, streaming(), terminal) as run:
            return target, prepare(config, target, records, run, reducers, wanted)

    return recorded(on_hdfs(out, profile.principal), config, terminal, prepared)

"""Launches a preparation by Flink as an application of YARN, from the gateway, and takes over what has come of it."""

import storage
from cluster.flink import PARALLELISM, application
from cluster.flink.application import Ended
from cluster.flink.containers import Containers
from cluster.yarn import artifacts
from cluster.yarn.uris import on_hdfs
from engines import inputs, scratch
from engines.errors import EngineError
from engines.flink.request import Request
from engines.records import Records, recorded
from prepared import folder
from prepared.manifest import MANIFEST, Manifest
from run.config import RunConfig
from run.folder import QUARANTINE, RESULT
from run.profile import Profile
from run.result import Result
from run.terminal import Terminal
from run.traces import cause
from text.errors import DataError

_MODULE = "engines.flink.command"


def launch(config: RunConfig, profile: Profile, output: str, out: str, terminal: Terminal) -> int:
    """Prepares a corpus on YARN; returns the exit status.

    All that the application writes is in a folder beside the corpus, which goes when it has ended, however it has.

    Args:
        config: what to prepare; its paths are on HDFS.
        profile: where, with Flink's properties and its Python.
        output: the folder of the corpus, on HDFS.
        out: the folder of the records, on HDFS.
        terminal: shows what happens.

    Raises:
        LaunchError: what the nodes need is missing.
        StorageError: HDFS cannot be written.
    """
    containers = Containers.of(profile)
    staging = on_hdfs(profile.staging, profile.principal)
    for upload in artifacts.put(containers, staging):
        terminal.say(str(upload))
    config, target = inputs.on_hdfs(config, profile.principal), on_hdfs(output, profile.principal)

    def prepared(records: Records) -> tuple[str, Manifest]:
        folder.check_free(target)
        with scratch.beside(target) as place:
            properties = application.properties(profile, config.name, containers, staging, place)
            corpus, found = storage.join(place, "corpus"), storage.join(place, "records")
            request = Request(
                config=config,
                output=corpus,
                out=found,
                properties={**containers.executables, **profile.flink},
                pieces=int(properties[PARALLELISM]),
                start_timeout_s=profile.start_timeout_s,
            )
            uri = storage.join(place, "request.json")
            storage.write(uri, request.to_json())
            command = application.command(containers, properties, _MODULE, [uri])
            ended = application.run(command, containers.flink, terminal)
            _take_over(found, records, ended, terminal)
            manifest = Manifest.from_json(storage.read(storage.join(corpus, MANIFEST)), corpus)
            folder.place(corpus, target)
            return target, manifest

    return recorded(on_hdfs(out, profile.principal), config, terminal, prepared)


def _take_over(found: str, records: Records, ended: Ended, terminal: Terminal) -> None:
    """Makes the records of the application those of the launch.

    Raises:
        DataError: the preparation has failed for what the user can fix.
        EngineError: it has failed for something else.
    """
    written = storage.join(found, RESULT)
    result = Result.from_json(storage.read(written)) if storage.exists(written) else Result(error=_unsaid(ended))
    records.result.rows, records.result.rejected = result.rows, result.rejected
    quarantine = storage.join(found, QUARANTINE)
    if storage.exists(quarantine):
        records.write(QUARANTINE, storage.read(quarantine).decode())
    if result.status != "succeeded":
        terminal.say(f"the rest is in its logs: textcnn logs {ended.identity}")
        error = result.error or ""
        raise DataError(error) if result.exit_status == 2 else EngineError(error)


def _unsaid(ended: Ended) -> str:
    """What is said of a program that has not come to say anything itself."""
    return f"{ended.identity} has ended as {ended.status}: {cause(ended.said) or 'its program said nothing'}"

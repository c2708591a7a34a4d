"""Prepares a corpus by two jobs of Hadoop Streaming, from the gateway: one counts, one encodes."""

from collections.abc import Iterator
from dataclasses import replace

import storage
from cluster.mapreduce.jobs import Run, StreamingJob
from engines import failures, passes, pieces, scratch
from engines.errors import EngineError
from engines.finishing import between
from engines.mapreduce.tasks import PLAN
from engines.plan import Plan
from engines.records import Records
from prepared import folder
from prepared.manifest import Manifest
from prepared.parts import Part
from prepared.tally import Tally
from prepared.vocabularies import Counted
from run.config import RunConfig

_TASK = ("-m", "engines.mapreduce.tasks")


def prepare(config: RunConfig, output: str, records: Records, run: Run, reducers: int, wanted: int) -> Manifest:
    """Prepares the corpus of a run file.

    Args:
        config: its inputs and word lists are URIs that every node can read.
        output: the URI of the folder, on HDFS.
        records: of the preparation.
        run: runs a job.
        reducers: how many a job has at most.
        wanted: how many mappers a job should have at least.

    Raises:
        DataError: there is something in the folder, or the input cannot be used.
        StorageError: HDFS cannot be read or written.
        EngineError: a job has failed; with what its task said.
    """
    with folder.drafted(output, config) as draft, scratch.beside(draft.target) as place:
        plan = Plan.of(config, draft.uri, storage.join(place, scratch.ERRORS))
        tasks = storage.join(place, "pieces")
        storage.write(tasks, pieces.written(pieces.plan(config.data, wanted)))
        jobs = _Jobs(run, place, tasks)

        counted = jobs.run("counts", plan, reducers, combiner="reduce_counts")
        tally, lines = _tally(counted), _token_counts(counted)
        encoder = between(draft, plan, records, tally, lines)

        plan = replace(plan, parts=encoder.parts)
        encoded = jobs.run("documents", plan, min(reducers, encoder.parts), key_fields=2)
        parts = [Part.from_json(line.rstrip("\t\n")) for uri in encoded for line in _lines(uri)]
        return draft.finish(parts, {"engine": "mapreduce"})


class _Jobs:
    """Runs the jobs of a preparation."""

    def __init__(self, run: Run, place: str, tasks: str):
        self._run, self._place, self._tasks = run, place, tasks

    def run(self, what: str, plan: Plan, reducers: int, combiner: str = "", key_fields: int = 1) -> list[str]:
        """Returns the files that the reducers have written."""
        planned = storage.join(self._place, f"plan-of-{what}.json")
        storage.write(planned, plan.to_json())
        output = storage.join(self._place, what)
        ended = self._run(
            StreamingJob(
                name=f"{plan.config.name}: {what}",
                tasks=self._tasks,
                output=output,
                mapper=(*_TASK, f"map_{what}"),
                combiner=(*_TASK, combiner) if combiner else (),
                reducer=(*_TASK, f"reduce_{what}"),
                reducers=reducers,
                key_fields=key_fields,
                files=(f"{planned}#{PLAN}",),
            )
        )
        if not ended.succeeded:
            raise failures.first(plan.errors) or EngineError(f"MapReduce has failed: {ended.said}")
        return [storage.join(output, name) for name in storage.names(output) if name.startswith("part-")]


def _tally(files: list[str]) -> Tally:
    """The tally of all rows: its key comes before all others of its reducer."""
    tally = Tally()
    for uri in files:
        first = next(_lines(uri), "")
        key, _, value = first.rstrip("\n").partition("\t")
        if key == passes.TALLY:
            tally.update(Tally.from_json(value))
    return tally


def _token_counts(files: list[str]) -> Iterator[Counted]:
    for uri in files:
        for line in _lines(uri):
            key, _, value = line.rstrip("\n").partition("\t")
            if key != passes.TALLY:
                yield passes.count_of(key, value)


def _lines(uri: str) -> Iterator[str]:
    with storage.opened(uri) as file:
        yield from (line.decode() for line in file)

"""Prepares a corpus by two jobs of Flink in batch mode: one counts, one encodes."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from importlib import metadata
from threading import Event, Timer
from typing import Any

from py4j.protocol import Py4JError
from pyflink.common import Configuration, Types
from pyflink.datastream import FlatMapFunction, RuntimeExecutionMode, StreamExecutionEnvironment
from pyflink.table import DataTypes, EnvironmentSettings, StreamTableEnvironment, Table, TableResult
from pyflink.table.expressions import col
from pyflink.table.udf import udaf
from pyflink.util.exceptions import TableException

import storage
from engines import failures, passes, pieces, scratch
from engines.errors import EngineError
from engines.finishing import between
from engines.flink.functions import AddCounts, CountPieces, EncodePieces, WritePart
from engines.flink.request import Request
from engines.passes import Keyed
from engines.pieces import Piece
from engines.plan import Plan
from engines.records import Records
from prepared import folder
from prepared.manifest import Manifest
from prepared.parts import Part
from prepared.tally import Tally
from prepared.vocabularies import Counted
from run.traces import cause

_COUNTS = Types.ROW_NAMED(["bucket", "counts"], [Types.INT(), Types.STRING()])
_DOCUMENTS = Types.ROW_NAMED(
    ["part", "digest", "document"],
    [Types.INT(), Types.PRIMITIVE_ARRAY(Types.BYTE()), Types.PRIMITIVE_ARRAY(Types.BYTE())],
)

MOST_BUCKETS = 64
"""That keys are dealt to, of few pieces one for each: it is added up as a whole, in memory, and is a file, which takes
HDFS a third of a second."""

_SHOWN = 2_000
"""Characters of an error of Flink's that nobody has explained."""


def prepare(request: Request, output: str, records: Records) -> Manifest:
    """Prepares the corpus of a run file.

    Args:
        request: its inputs and word lists are URIs that every task manager can read.
        output: the URI of the folder.
        records: of the preparation.

    Raises:
        DataError: there is something in the folder, or the input cannot be used.
        StorageError: the storage cannot be read or written.
        EngineError: a job has failed; with what its task said.
    """
    config = request.config
    with folder.drafted(output, config) as draft, scratch.beside(draft.target) as place:
        plan = Plan.of(config, draft.uri, storage.join(place, scratch.ERRORS))
        jobs = _Jobs(request, place, pieces.plan(config.data, request.pieces))

        sums = jobs.count(plan)
        encoder = between(draft, plan, records, _tally(sums), _token_counts(sums))

        parts = jobs.encode(replace(plan, parts=encoder.parts))
        return draft.finish(parts, {"engine": f"flink {metadata.version('apache-flink')}"})


class _Jobs:
    """Runs the jobs of a preparation."""

    def __init__(self, request: Request, place: str, input_pieces: Sequence[Piece]):
        self._request, self._place, self._pieces = request, place, input_pieces

    def count(self, plan: Plan) -> list[str]:
        """Runs the first pass, and returns the URIs of the files that its sums are in."""
        sums = storage.join(self._place, "sums")
        storage.make_folder(sums)
        buckets = min(MOST_BUCKETS, len(self._pieces))
        count, add = partial(CountPieces, plan.to_json(), buckets), AddCounts(plan.to_json(), sums)
        return self._of_groups("counts", plan, count, _COUNTS, add)

    def encode(self, plan: Plan) -> list[Part]:
        """Runs the second pass, and returns the parts that it has written."""
        encode, write = partial(EncodePieces, plan.to_json()), WritePart(plan.to_json())
        return list(map(Part.from_json, self._of_groups("documents", plan, encode, _DOCUMENTS, write)))

    def _of_groups(
        self, what: str, plan: Plan, read: Callable[[str], FlatMapFunction], types: Any, function: Callable[..., str]
    ) -> list[str]:
        """What a function makes of all rows with the same value in the first column, which another makes of pieces."""
        begun = storage.join(self._place, f"{what}-begun")
        rows = self._rows(f"{plan.config.name}: {what}", read(begun), types)
        call = udaf(function, result_type=DataTypes.STRING(), func_type="pandas", name="of_group")
        first, *others = map(col, rows.get_schema().get_field_names())
        with _explained(plan):
            result = rows.group_by(first).select(call(first, *others)).execute()
            with _begun_in_time(result, begun, self._request.start_timeout_s), result.collect() as found:
                return [answer for (answer,) in found]

    def _rows(self, name: str, function: FlatMapFunction, types: Any) -> Table:
        """The rows of a new job that a function makes of the pieces."""
        settings = {
            "pipeline.name": name,
            "python.executable": sys.executable,
            "python.client.executable": sys.executable,
            # Flink would take as many tasks as bytes call for, which is one: the bytes of a piece's name.
            "execution.batch.adaptive.auto-parallelism.enabled": "false",
            **self._request.properties,
        }
        environment = StreamExecutionEnvironment.get_execution_environment(_configuration(settings))
        environment.set_runtime_mode(RuntimeExecutionMode.BATCH)
        tables = StreamTableEnvironment.create(environment, EnvironmentSettings.in_batch_mode())
        lines = environment.from_collection([piece.to_json() for piece in self._pieces], Types.STRING())
        return tables.from_data_stream(lines.rebalance().flat_map(function, types))


def _configuration(settings: Mapping[str, str]) -> Configuration:
    configuration = Configuration()
    for key, value in settings.items():
        configuration.set_string(key, value)
    return configuration


@contextmanager
def _explained(plan: Plan) -> Iterator[None]:
    """Says of Flink's error what the task said.

    Raises:
        DataError: the input cannot be used.
        EngineError: anything else.
    """
    try:
        yield
    except (Py4JError, TableException) as error:
        raise failures.first(plan.errors) or EngineError(f"Flink has failed: {cause(str(error))[:_SHOWN]}") from error


@contextmanager
def _begun_in_time(result: TableResult, begun: str, seconds: int) -> Iterator[None]:
    """Cancels a job of which no task has begun in time: task managers that do not start are asked for again for ever.

    Args:
        result: of the job.
        begun: the URI of a folder in which tasks leave word that they have begun.
        seconds: how long that may take.

    Raises:
        EngineError: it has been cancelled.
    """
    late = Event()

    def check() -> None:
        if not storage.names(begun):
            late.set()
            result.get_job_client().cancel()

    timer = Timer(seconds, check)
    timer.start()
    try:
        yield
    except Py4JError as error:
        if not late.is_set():
            raise
        raise EngineError(
            f"Flink has had no task manager within {seconds} s: what was to be one has not got a container of YARN's, "
            "or has ended as it began. If the cluster is busy, set a larger start_timeout_s in the profile."
        ) from error
    finally:
        timer.cancel()


def _tally(sums: Sequence[str]) -> Tally:
    (tally,) = (value for key, value in _lines(sums) if key == passes.TALLY)
    return Tally.from_json(tally)


def _token_counts(sums: Sequence[str]) -> Iterator[Counted]:
    return (passes.count_of(key, value) for key, value in _lines(sums) if key != passes.TALLY)


def _lines(uris: Sequence[str]) -> Iterator[Keyed]:
    for uri in uris:
        with storage.opened(uri) as file:
            for line in file:
                key, _, value = line.decode().rstrip("\n").partition("\t")
                yield key, value

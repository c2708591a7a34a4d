"""Prepares a corpus by two jobs of Flink in batch mode: one counts, one encodes."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib import metadata
from typing import Any

from py4j.protocol import Py4JError
from pyflink.common import Configuration, Types
from pyflink.datastream import DataStream, FlatMapFunction, RuntimeExecutionMode, StreamExecutionEnvironment
from pyflink.table import DataTypes, EnvironmentSettings, StreamTableEnvironment, Table
from pyflink.table.expressions import col
from pyflink.table.udf import udaf
from pyflink.util.exceptions import TableException

import storage
from engines import failures, passes, pieces, scratch
from engines.errors import EngineError
from engines.finishing import between
from engines.flink.functions import AddCounts, CountPieces, EncodePieces, WritePart
from engines.passes import Keyed
from engines.pieces import Piece
from engines.plan import Plan
from engines.records import Records
from prepared import folder
from prepared.manifest import Manifest
from prepared.parts import Part
from prepared.tally import Tally
from prepared.vocabularies import Counted
from run.config import RunConfig

_COUNTS = Types.ROW_NAMED(["bucket", "counts"], [Types.INT(), Types.STRING()])
_DOCUMENTS = Types.ROW_NAMED(
    ["part", "digest", "document"],
    [Types.INT(), Types.PRIMITIVE_ARRAY(Types.BYTE()), Types.PRIMITIVE_ARRAY(Types.BYTE())],
)

_SHOWN = 2_000
"""Characters of an error of Flink's that nobody has explained."""


def prepare(config: RunConfig, output: str, records: Records, properties: Mapping[str, str], wanted: int) -> Manifest:
    """Prepares the corpus of a run file.

    Args:
        config: its inputs and word lists are URIs that every task manager can read.
        output: the URI of the folder.
        records: of the preparation.
        properties: Flink's.
        wanted: in how many pieces, at least, the input is read.

    Raises:
        DataError: there is something in the folder, or the input cannot be used.
        StorageError: the storage cannot be read or written.
        EngineError: a job has failed; with what its task said.
    """
    with folder.drafted(output, config) as draft, scratch.beside(draft.target) as place:
        plan = Plan.of(config, draft.uri, storage.join(place, scratch.ERRORS))
        input_pieces = pieces.plan(config.data, wanted)

        sums = _count(plan, input_pieces, storage.join(place, "sums"), properties)
        encoder = between(draft, plan, records, _tally(sums), _token_counts(sums))

        parts = _encode(replace(plan, parts=encoder.parts), input_pieces, properties)
        return draft.finish(parts, {"engine": f"flink {metadata.version('apache-flink')}"})


def _count(plan: Plan, input_pieces: Sequence[Piece], folder: str, properties: Mapping[str, str]) -> list[str]:
    """Runs the first pass, and returns the URIs of the files in a folder that its sums are in."""
    storage.make_folder(folder)
    tables, rows = _rows(input_pieces, CountPieces(plan.to_json()), _COUNTS, properties)
    return _of_groups(plan, tables.from_data_stream(rows), AddCounts(plan.to_json(), folder))


def _encode(plan: Plan, input_pieces: Sequence[Piece], properties: Mapping[str, str]) -> list[Part]:
    """Runs the second pass, and returns the parts that it has written."""
    tables, rows = _rows(input_pieces, EncodePieces(plan.to_json()), _DOCUMENTS, properties)
    return list(map(Part.from_json, _of_groups(plan, tables.from_data_stream(rows), WritePart(plan.to_json()))))


def _of_groups(plan: Plan, rows: Table, function: Callable[..., str]) -> list[str]:
    """What a function makes of all rows with the same value in the first column."""
    call = udaf(function, result_type=DataTypes.STRING(), func_type="pandas", name="of_group")
    first, *others = map(col, rows.get_schema().get_field_names())
    with _explained(plan), rows.group_by(first).select(call(first, *others)).execute().collect() as found:
        return [answer for (answer,) in found]


def _rows(
    input_pieces: Sequence[Piece], function: FlatMapFunction, types: Any, properties: Mapping[str, str]
) -> tuple[StreamTableEnvironment, DataStream]:
    """The tables of a new job, and the rows that a function makes of the pieces."""
    settings = {"python.executable": sys.executable, "python.client.executable": sys.executable, **properties}
    environment = StreamExecutionEnvironment.get_execution_environment(_configuration(settings))
    environment.set_runtime_mode(RuntimeExecutionMode.BATCH)
    tables = StreamTableEnvironment.create(environment, EnvironmentSettings.in_batch_mode())
    lines = environment.from_collection([piece.to_json() for piece in input_pieces], Types.STRING())
    return tables, lines.rebalance().flat_map(function, types)


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
        raise failures.first(plan.errors) or EngineError(f"Flink has failed: {str(error)[:_SHOWN]}") from error


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

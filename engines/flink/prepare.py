"""Prepares a corpus by two jobs of Flink in batch mode: one counts, one encodes."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib import metadata
from tempfile import TemporaryDirectory
from typing import Any

from py4j.protocol import Py4JError
from pyflink.common import Configuration, Types
from pyflink.datastream import DataStream, FlatMapFunction, RuntimeExecutionMode, StreamExecutionEnvironment
from pyflink.table import DataTypes, EnvironmentSettings, StreamTableEnvironment
from pyflink.table.expressions import col
from pyflink.table.udf import udaf
from pyflink.util.exceptions import TableException

import storage
from engines import failures, passes, pieces, scratch
from engines.errors import EngineError
from engines.finishing import between
from engines.flink.functions import CountPieces, EncodePieces, WritePart
from engines.pieces import Piece
from engines.plan import Plan
from engines.records import Records
from prepared import folder
from prepared.manifest import Manifest
from prepared.parts import Part
from prepared.tally import Tally
from prepared.vocabularies import Counted
from run.config import RunConfig

_COUNTS = Types.ROW_NAMED(["name", "label", "occurrences"], [Types.STRING(), Types.STRING(), Types.LONG()])
_DOCUMENTS = Types.ROW_NAMED(
    ["part", "digest", "document"],
    [Types.INT(), Types.PRIMITIVE_ARRAY(Types.BYTE()), Types.PRIMITIVE_ARRAY(Types.BYTE())],
)

_SHOWN = 2_000
"""Characters of an error of Flink's that nobody has explained."""

_SINK = """
CREATE TEMPORARY TABLE sums (name STRING, labels STRING)
WITH ('connector' = 'filesystem', 'path' = '{path}', 'format' = 'json')
"""
_SUM = """
INSERT INTO sums
SELECT name, JSON_OBJECTAGG(KEY label VALUE occurrences)
FROM (SELECT name, label, SUM(occurrences) AS occurrences FROM {counts} GROUP BY name, label)
GROUP BY name
"""


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
    with (
        folder.drafted(output, config) as draft,
        scratch.beside(draft.target) as place,
        TemporaryDirectory(prefix="flink-sums-") as sums,  # of this machine, as is the cluster
    ):
        plan = Plan.of(config, draft.uri, storage.join(place, scratch.ERRORS))
        input_pieces = pieces.plan(config.data, wanted)

        _count(plan, input_pieces, sums, properties)
        encoder = between(draft, plan, records, _tally(sums), _token_counts(sums))

        parts = _encode(replace(plan, parts=encoder.parts), input_pieces, properties)
        return draft.finish(parts, {"engine": f"flink {metadata.version('apache-flink')}"})


def _count(plan: Plan, input_pieces: Sequence[Piece], sums: str, properties: Mapping[str, str]) -> None:
    """Runs the first pass: keys with the sums of their labels then lie in a folder, as JSON lines."""
    tables, rows = _rows(input_pieces, CountPieces(plan.to_json()), _COUNTS, properties)
    with _explained(plan):
        tables.execute_sql(_SINK.format(path=sums))
        tables.execute_sql(_SUM.format(counts=tables.from_data_stream(rows))).wait()


def _encode(plan: Plan, input_pieces: Sequence[Piece], properties: Mapping[str, str]) -> list[Part]:
    """Runs the second pass, and returns the parts that it has written."""
    tables, rows = _rows(input_pieces, EncodePieces(plan.to_json()), _DOCUMENTS, properties)
    write = udaf(WritePart(plan.to_json()), result_type=DataTypes.STRING(), func_type="pandas", name="write_part")
    with _explained(plan):
        documents = tables.from_data_stream(rows)
        written = documents.group_by(col("part")).select(write(col("part"), col("digest"), col("document")))
        with written.execute().collect() as parts:
            return [Part.from_json(part) for (part,) in parts]


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


def _tally(sums: str) -> Tally:
    tally = Tally()
    for key, labels in _sums(sums):
        if key == passes.TALLY:
            for piece, times in json.loads(labels).items():
                for _ in range(times):  # pieces may be alike
                    tally.update(Tally.from_json(piece))
    return tally


def _token_counts(sums: str) -> Iterator[Counted]:
    return (passes.count_of(key, labels) for key, labels in _sums(sums) if key != passes.TALLY)


def _sums(folder: str) -> Iterator[tuple[str, str]]:
    for name in storage.names(folder):
        with storage.opened(storage.join(folder, name)) as file:
            for line in file:
                row = json.loads(line)
                yield row["name"], row["labels"]

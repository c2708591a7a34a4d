"""The job of Flink that classifies a stream: each row comes out once, whatever is killed meanwhile."""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from py4j.protocol import Py4JError
from pyflink.common import Configuration, Duration, JobClient, WatermarkStrategy
from pyflink.common.serialization import Encoder, SimpleStringSchema
from pyflink.datastream import DataStream, StreamExecutionEnvironment
from pyflink.datastream.connectors.file_system import (
    BucketAssigner,
    FileSink,
    FileSource,
    OutputFileConfig,
    RollingPolicy,
    StreamFormat,
)
from pyflink.datastream.connectors.kafka import KafkaOffsetsInitializer, KafkaSource
from pyflink.java_gateway import get_gateway
from pyflink.table import Schema, StreamTableEnvironment, Table
from pyflink.table.udf import udf

from engines.errors import EngineError
from engines.flink.stream.functions import ENCODING, OUTCOMES, Classify
from engines.flink.stream.output import Output
from engines.flink.stream.places import Folder, Socket, Topic, place_of
from engines.flink.stream.request import JARS, Source, StreamRequest
from run.errors import SettingsError

_LOOK_SECONDS = 1
"""How often it is looked for new files."""
_FOREVER = -1
"""Times that a socket is connected to again after its server has ended the connection."""
_SHOWN = 2_000
"""Characters of an error of Flink's that has no other explanation."""

_SOCKETS_JVM = {"JVM_ARGS": f"-Dfile.encoding={ENCODING}"}
"""Of PyFlink's: what its JVM is started with. Flink reads sockets in the JVM's own encoding."""

_PROPERTIES = {
    "parallelism.default": "1",
    "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
    "execution.checkpointing.storage": "filesystem",
    "execution.state-recovery.claim-mode": "CLAIM",
    "restart-strategy.type": "failure-rate",
    "restart-strategy.failure-rate.max-failures-per-interval": "3",
    "restart-strategy.failure-rate.failure-rate-interval": "5 min",
    "restart-strategy.failure-rate.delay": "1 s",
    "table.local-time-zone": "UTC",
    # Texts are classified together, and none waits long; a checkpoint waits for those that are being classified.
    "python.fn-execution.arrow.batch.size": "256",
    "python.fn-execution.bundle.size": "4096",
    "python.fn-execution.bundle.time": "200",
}

_COUNTED = """
SELECT JSON_OBJECT(
    'window_start' VALUE DATE_FORMAT(window_start, 'yyyy-MM-dd''T''HH:mm:ss''Z'''),
    'window_end' VALUE DATE_FORMAT(window_end, 'yyyy-MM-dd''T''HH:mm:ss''Z'''),
    'label' VALUE label,
    'rows' VALUE occurrences
) AS line
FROM (
    SELECT window_start, window_end, label, COUNT(*) AS occurrences
    FROM TUMBLE(TABLE {outcomes}, DESCRIPTOR(event_time), {window})
    WHERE label IS NOT NULL
    GROUP BY window_start, window_end, label
)
"""


def stream(request: StreamRequest) -> None:
    """Classifies what is in a place and what comes into it, until KeyboardInterrupt; with `once`, what is in it.

    Raises:
        SettingsError: the output is another stream's, or is being written to.
        EngineError: the job has failed; with what its task said.
    """
    output = Output(request.output)
    output.begin(request.source)
    if isinstance(place_of(request.source.input), Socket):
        os.environ.update(_SOCKETS_JVM)
    with _alone(output), _explained():
        client = _job(request, output)
        try:
            client.get_job_execution_result().result()
        except KeyboardInterrupt:
            client.cancel().result()  # its newest checkpoint is kept


def _job(request: StreamRequest, output: Output) -> JobClient:
    environment = StreamExecutionEnvironment.get_execution_environment(_configuration(request, output))
    environment.add_jars(*Configuration.parse_list_value(request.properties.get(JARS, "")))
    tables = StreamTableEnvironment.create(environment)
    source = request.source
    outcomes = _outcomes(tables, _lines(environment, source), Classify(request.to_json(), str(output.log)), source)
    _write(tables, tables.sql_query(f"SELECT line FROM {outcomes} WHERE label IS NOT NULL"), output.predictions)
    _write(tables, tables.sql_query(f"SELECT line FROM {outcomes} WHERE label IS NULL"), output.quarantine)
    if source.time_column:
        counted = _COUNTED.format(outcomes=outcomes, window=_interval(source.window_seconds))
        _write(tables, tables.sql_query(counted), output.counts)
    return environment.execute_async("textcnn stream")


def _configuration(request: StreamRequest, output: Output) -> Configuration:
    settings = {
        **_PROPERTIES,
        "python.executable": sys.executable,
        "python.client.executable": sys.executable,
        "execution.checkpointing.interval": f"{request.checkpoint_seconds} s",
        "execution.checkpointing.dir": output.checkpoints.as_uri(),
        **{key: value for key, value in request.properties.items() if key != JARS},
    }
    if checkpoint := output.newest_checkpoint():
        settings["execution.state-recovery.path"] = checkpoint.as_uri()
    configuration = Configuration()
    for key, value in settings.items():
        configuration.set_string(key, value)
    return configuration


def _lines(environment: StreamExecutionEnvironment, source: Source) -> DataStream:
    match place_of(source.input):
        case Folder(path):
            return _of_files(environment, path, source.once)
        case Socket(host, port):
            # PyFlink has none of its own.
            java = environment._j_stream_execution_environment
            return DataStream(java.socketTextStream(host, port, "\n", 0 if source.once else _FOREVER))
        case Topic(servers, name):
            return _of_records(environment, servers, name, source.once)


def _of_files(environment: StreamExecutionEnvironment, folder: str, once: bool) -> DataStream:
    builder = FileSource.for_record_stream_format(StreamFormat.text_line_format(ENCODING), Path(folder).as_uri())
    if not once:
        builder = builder.monitor_continuously(Duration.of_seconds(_LOOK_SECONDS))
    return environment.from_source(builder.build(), WatermarkStrategy.no_watermarks(), "files")


def _of_records(environment: StreamExecutionEnvironment, servers: str, topic: str, once: bool) -> DataStream:
    """The values of a topic's records from its beginning on; later from where the checkpoint says."""
    builder = KafkaSource.builder().set_bootstrap_servers(servers).set_topics(topic)
    builder = builder.set_starting_offsets(KafkaOffsetsInitializer.earliest())
    builder = builder.set_value_only_deserializer(SimpleStringSchema(ENCODING))
    if once:
        builder = builder.set_bounded(KafkaOffsetsInitializer.latest())
    return environment.from_source(builder.build(), WatermarkStrategy.no_watermarks(), "records")


def _outcomes(tables: StreamTableEnvironment, lines: DataStream, classify: Classify, source: Source) -> str:
    """Returns the name of a table of outcomes, with their `event_time`."""
    score = udf(classify, result_type=OUTCOMES, func_type="pandas", name="classify")
    # A stream in between: a table would be computed anew for each that is made of it.
    outcomes = tables.to_data_stream(tables.from_data_stream(lines).map(score).alias(*OUTCOMES.names))
    schema = Schema.new_builder().from_fields(OUTCOMES.names, [field.data_type for field in OUTCOMES])
    schema = schema.column_by_expression("event_time", "TO_TIMESTAMP_LTZ(milliseconds, 3)")
    schema = schema.watermark("event_time", f"event_time - {_interval(source.lateness_seconds)}")
    tables.create_temporary_view("outcomes", outcomes, schema.build())
    return "outcomes"


def _interval(seconds: int) -> str:
    days, rest = divmod(seconds, 86_400)
    return f"INTERVAL '{days} {rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}' DAY TO SECOND"


def _write(tables: StreamTableEnvironment, lines: Table, folder: Path) -> None:
    sink = FileSink.for_row_format(folder.as_uri(), Encoder.simple_string_encoder())
    sink = sink.with_rolling_policy(RollingPolicy.on_checkpoint_rolling_policy())
    sink = sink.with_bucket_assigner(BucketAssigner.base_path_bucket_assigner())
    sink = sink.with_output_file_config(OutputFileConfig("part", ".jsonl"))
    _strings(tables, lines).sink_to(sink.build()).name(folder.name)


def _strings(tables: StreamTableEnvironment, lines: Table) -> DataStream:
    """The only column of a table. PyFlink has no toDataStream(table, type) as Java has."""
    kind = get_gateway().jvm.org.apache.flink.table.api.DataTypes.STRING()
    return DataStream(tables._j_tenv.toDataStream(lines._j_table, kind))


@contextmanager
def _alone(output: Output) -> Iterator[None]:
    """Lets no other job write to an output: the lock is the JVM's, which writes, and is gone when that is.

    Raises:
        SettingsError: another job does.
    """
    jvm = get_gateway().jvm
    with_lock = jvm.java.io.RandomAccessFile(str(output.lock), "rw")
    if with_lock.getChannel().tryLock() is None:
        raise SettingsError(f"Another stream writes to {output.lock.parent}.", "End it, or give another --output.")
    try:
        yield
    finally:
        with_lock.close()


@contextmanager
def _explained() -> Iterator[None]:
    """Says of Flink's error what the task said.

    Raises:
        EngineError: in place of it.
    """
    try:
        yield
    except Py4JError as error:
        raise EngineError(_explanation(str(error))) from error


def _explanation(message: str) -> str:
    """What a Python worker's last exception said, if one has failed, or else the first cause of what the JVM's did."""
    said = re.findall(r"Traceback \(most recent call last\):\n(?:[ \t].*\n|\n)*(\S.*)", message, re.MULTILINE)
    causes = re.findall(r"^Caused by: (.*)", message, re.MULTILINE)
    return f"Flink has failed: {[message, *causes, *said][-1][:_SHOWN]}"

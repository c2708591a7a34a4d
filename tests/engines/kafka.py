"""A Kafka of one broker, in a JVM of its own, on this machine."""

import os
import socket
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from local_hadoop import daemons, jars, ports

POM = Path(__file__).with_name("kafka.xml")
LIMIT_SECONDS = 60
CLUSTER = "4L6g3nShT-eMCtK--X86sw"
CONFIGURATION = """
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{broker},CONTROLLER://127.0.0.1:{controller}
controller.listener.names=CONTROLLER
log.dirs={folder}/logs-of-topics
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
"""


@dataclass(frozen=True)
class Kafka:
    """A broker."""

    servers: str
    folder: Path
    jars: Path

    @property
    def connector(self) -> Path:
        """Flink's."""
        return next(self.jars.glob("flink-sql-connector-kafka-*.jar"))

    def put(self, topic: str, records: Iterable[str]) -> None:
        """Adds records to a topic, which need not be there."""
        arguments = ("--bootstrap-server", self.servers, "--topic", topic)
        self.run("org.apache.kafka.tools.ConsoleProducer", *arguments, given="".join(f"{r}\n" for r in records))

    def run(self, main_class: str, *arguments: str, given: str = "") -> None:
        """Runs one of Kafka's tools to its end."""
        command = self.command(main_class, *arguments)
        subprocess.run(command, input=given.encode(), check=True, timeout=LIMIT_SECONDS, cwd=self.folder)

    def command(self, main_class: str, *arguments: str) -> list[str]:
        of_kafka = [jar for jar in self.jars.glob("*.jar") if jar != self.connector]
        return daemons.java_command(of_kafka, main_class, *arguments)


def fetched() -> Path:
    """The folder of the jars.

    Raises:
        HadoopError: Maven is missing or could not fetch them.
    """
    return jars.fetched(POM, jars.cache() / "kafka-4.1.1")


@contextmanager
def running(folder: Path, of: Path) -> Iterator[Kafka]:
    """Starts a broker of these jars, and ends it. Who asks it waits until it answers."""
    with socket.create_server((ports.LOOPBACK, 0)) as first, socket.create_server((ports.LOOPBACK, 0)) as second:
        broker, controller = (free.getsockname()[1] for free in (first, second))
    (folder / "logs").mkdir(parents=True)
    configuration = folder / "server.properties"
    text = CONFIGURATION.format(folder=folder, broker=broker, controller=controller)
    configuration.write_text(text, encoding="utf-8")
    kafka = Kafka(f"{ports.LOOPBACK}:{broker}", folder, of)
    kafka.run("kafka.tools.StorageTool", "format", "--standalone", "-t", CLUSTER, "-c", str(configuration))
    command = kafka.command("kafka.Kafka", str(configuration))
    process = daemons.start("kafka", command, folder=folder, environment=os.environ)
    try:
        yield kafka
    finally:
        daemons.stop([process])

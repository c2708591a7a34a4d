"""The work of a probe: what the driver's libraries are, and what a task on an executor finds on its node."""

from py4j.protocol import Py4JJavaError
from pyspark import SparkContext

from run.probe import DRIVER_LIBRARIES, PROBE, Probed, to_json
from run.result import Result
from run.terminal import Terminal
from spark_driver import checks, executors
from spark_driver.errors import ClusterStartError
from spark_driver.event_server import EventServer
from spark_driver.run_folder import RunFolder
from spark_driver.session import session


def probe(folder: RunFolder, _: Result, terminal: Terminal) -> None:
    """Writes down what driver and executor find."""
    with session("textcnn doctor") as spark:
        terminal.stage("probing a node")
        here = checks.tried(DRIVER_LIBRARIES, lambda: checks.imported(checks.DRIVERS))
        folder.write_text(PROBE, to_json([here, *_on_an_executor(spark.sparkContext, folder.uri)]))


def _on_an_executor(context: SparkContext, folder: str) -> list[Probed]:
    """Checks it in a barrier stage, which fails where no executor comes, and does not wait for ever.

    Raises:
        ClusterStartError: no executor came, or its Python has ended; with Spark's reason.
    """
    with EventServer.of_driver(context.getConf(), lambda _: None) as events:
        driver = events.address
        try:
            found = context.range(1, numSlices=1).barrier().mapPartitions(lambda _: checks.on_node(driver, folder))
            return found.collect()
        except Py4JJavaError as error:
            said = error.java_exception.getMessage()
            raise ClusterStartError(f"The probe has not run on an executor. {executors.lost(context)}{said}") from error

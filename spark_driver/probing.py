"""What a probe tries: the driver's libraries and, in a task on an executor, all that a worker needs before it works."""

import os
import platform
import socket
import sys
import traceback
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.metadata import version

from py4j.protocol import Py4JJavaError
from pyspark import SparkContext

import storage
from run.probe import DRIVER, DRIVER_LIBRARIES, GPU, HDFS, LIBRARIES, PROBE, PYTHON, Probed, to_json
from run.result import Result
from run.terminal import Terminal
from spark_driver import executors
from spark_driver.errors import ClusterStartError
from spark_driver.event_server import Address, EventServer
from spark_driver.run_folder import RunFolder
from spark_driver.session import session
from trainer.place import Place

DRIVERS = ("spark_driver.train", "spark_driver.predict")
"""What a driver imports."""
TASKS = ("spark_driver.gang", "spark_driver.documents", "spark_driver.predicting", "trainer.worker", "trainer.serving")
"""What tasks and workers import."""


def probe(folder: RunFolder, _: Result, terminal: Terminal) -> None:
    """Writes down what driver and executor find."""
    with session("textcnn doctor") as spark:
        terminal.stage("probing a node")
        here = tried(DRIVER_LIBRARIES, lambda: imported(DRIVERS))
        folder.write_text(PROBE, to_json([here, *_on_an_executor(spark.sparkContext, folder.uri)]))


def _on_an_executor(context: SparkContext, folder: str) -> list[Probed]:
    """Tries it in a barrier stage, which fails where no executor comes, and does not wait for ever.

    Raises:
        ClusterStartError: no executor came, or its Python has ended; with Spark's reason.
    """
    with EventServer.of_driver(context.getConf(), lambda _: None) as events:
        driver = events.address
        try:
            return context.range(1, numSlices=1).barrier().mapPartitions(lambda _: on_node(driver, folder)).collect()
        except Py4JJavaError as error:
            said = error.java_exception.getMessage()
            raise ClusterStartError(f"The probe has not run on an executor. {executors.lost(context)}{said}") from error


def on_node(driver: Address, folder: str) -> Iterator[Probed]:
    """Yields what comes of each check on this machine.

    Args:
        driver: where it listens for events.
        folder: the URI of one in which a run's could be.
    """
    yield tried(PYTHON, lambda: f"{platform.python_version()}, {sys.executable} on {socket.gethostname()}")
    libraries = tried(LIBRARIES, lambda: imported(TASKS))
    yield libraries
    if libraries.traceback is None:
        yield tried(GPU, devices)
    yield tried(HDFS, lambda: writable(folder))
    yield tried(DRIVER, lambda: reached(driver))


def tried(what: str, check: Callable[[], str]) -> Probed:
    """Makes a check; whatever it ends with is what is to be told."""
    try:
        return Probed(what, check())
    except Exception as error:  # noqa: BLE001 - told in full
        said = str(error).splitlines() or [""]
        return Probed(what, f"{type(error).__name__}: {said[0]}", traceback.format_exc())


def imported(modules: tuple[str, ...]) -> str:
    """Imports modules, and tells the versions of what they stand on, as far as they have come with them."""
    for module in modules:
        import_module(module)
    there = [name for name in ("tensorflow", "keras", "numpy", "pyarrow", "pyspark") if name in sys.modules]
    return ", ".join(f"{name} {sys.modules[name].__version__}" for name in there) + (
        f", tensorflowonspark {version('tensorflowonspark')}"
    )


def devices() -> str:
    """Takes the GPUs that Spark gave to this task, as a worker does, and computes something."""
    from spark_driver.tfos import gpus

    given = gpus()
    os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(given)  # before TensorFlow looks, as for a worker
    import tensorflow as tf

    from trainer import devices

    devices.take(Place(worker=0, workers=1, cores=1, gpus=given))
    product = tf.linalg.matmul(tf.ones((8, 8)), tf.ones((8, 8)))
    kind = tf.DeviceSpec.from_string(product.device).device_type
    return f"{', '.join(given) or 'none was asked for'}; TensorFlow computes on a {kind}"


def writable(folder: str) -> str:
    """Writes a file and removes it."""
    storage.check_writable(folder)
    return f"{folder} can be written"


def reached(driver: Address) -> str:
    """Connects to the driver, each proving its key to the other."""
    driver.connect()
    return f"{driver.host}:{driver.port} is reached"

"""What a probe checks on a machine, in processes that may hang or crash: a library may take the interpreter with it.

Nothing is imported here that could: the driver and its tasks have this module before they check anything.
"""

import faulthandler
import os
import platform
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from importlib.metadata import version
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any

from run.probe import DRIVER, DRIVER_LIBRARIES, GPU, HDFS, LIBRARIES, PYTHON, Probed

if TYPE_CHECKING:
    from spark_driver.event_server import Address

DRIVERS = ("spark_driver.train", "spark_driver.prepare", "spark_driver.predict", "spark_driver.probing")
"""What a driver imports."""
TASKS = (
    "spark_driver.gang",
    "spark_driver.corpus",
    "spark_driver.engine",
    "spark_driver.predicting",
    "trainer.worker",
    "trainer.serving",
)
"""What tasks and workers import."""

NODE_SECONDS = 120.0
"""How long a check may take on a node; a worker may take as long to load TensorFlow."""
DRIVER_SECONDS = 60.0
"""How long the driver's libraries may take: YARN's ApplicationMaster waits 100 s for a session."""
STACK_SECONDS = 2.0
"""How much longer is waited, so that a process that hangs can write down where."""

Check = tuple[str, Callable[[], str]]
"""Its name, and what tells what it has found, or raises an error."""


def on_driver() -> Iterator[Probed]:
    """Yields what comes of the check of the driver's libraries."""
    yield from in_a_process([(DRIVER_LIBRARIES, lambda: imported(DRIVERS))], DRIVER_SECONDS)


def on_node(driver: "Address", folder: str) -> Iterator[Probed]:
    """Yields what comes of each check on this machine.

    Args:
        driver: where it listens for events.
        folder: the URI of one in which a run's could be.
    """
    yield tried(PYTHON, lambda: f"{platform.python_version()}, {sys.executable} on {socket.gethostname()}")
    yield from in_a_process([(LIBRARIES, lambda: imported(TASKS)), (GPU, devices)], NODE_SECONDS)
    yield from in_a_process([(HDFS, lambda: writable(folder))], NODE_SECONDS)
    yield from in_a_process([(DRIVER, lambda: reached(driver))], NODE_SECONDS)


def in_a_process(checks: Sequence[Check], seconds: float) -> Iterator[Probed]:
    """Makes checks, one after the other, in a process of their own; the first that fails, hangs or crashes ends it.

    Args:
        checks: what to check.
        seconds: how long each may take.
    """
    forked = get_context("fork")
    answers, told = forked.Pipe(duplex=False)
    with TemporaryFile("w+", encoding="utf-8", errors="replace") as stack:
        process = forked.Process(target=_make, args=(checks, seconds, told, stack))
        process.start()
        told.close()
        try:
            for what, _ in checks:
                try:
                    one = answers.recv() if answers.poll(seconds + STACK_SECONDS) else None
                except EOFError:
                    one = None
                    process.join()
                if one is None:
                    stack.seek(0)
                    one = Probed(what, _why_silent(process, seconds), stack.read())
                yield one
                if one.traceback is not None:
                    break
        finally:
            process.kill()
            process.join()


def _make(checks: Sequence[Check], seconds: float, told: Connection, stack: Any) -> None:
    faulthandler.enable(stack)
    for what, check in checks:
        # It is written by a thread that needs no interpreter: one that hangs in a library may hold it.
        faulthandler.dump_traceback_later(seconds, file=stack)
        told.send(tried(what, check))
        faulthandler.cancel_dump_traceback_later()


def _why_silent(process: BaseProcess, seconds: float) -> str:
    code = process.exitcode
    if code is None:
        return f"it has not ended within {seconds:g} s: below is where it hangs"
    return f"its process has ended with {signal.Signals(-code).name if code < 0 else f'status {code}'}"


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
    from trainer.place import Place

    devices.take(Place(worker=0, workers=1, cores=1, gpus=given))
    product = tf.linalg.matmul(tf.ones((8, 8)), tf.ones((8, 8)))
    kind = tf.DeviceSpec.from_string(product.device).device_type
    return f"{', '.join(given) or 'none was asked for'}; TensorFlow computes on a {kind}"


def writable(folder: str) -> str:
    """Writes a file and removes it."""
    import storage

    storage.check_writable(folder)
    return f"{folder} can be written"


def reached(driver: "Address") -> str:
    """Connects to the driver, each proving its key to the other."""
    driver.connect()
    return f"{driver.host}:{driver.port} is reached"

"""What a worker's process says of itself, from its first line on: TensorFlow is imported inside of it, if it can be."""

import os
import sys
import traceback
from collections.abc import Callable

from run.events import Failed, Finished, Report, Started
from trainer import liveness, predecessor
from trainer.errors import TrainerError

_LOST_PEER = ("UnavailableError", "AbortedError", "CancelledError")


def reported(work: Callable[[], object], worker: int, report: Report) -> None:
    """Does the work and reports how it began and ended; the boundary of a process, so nothing escapes it."""
    report(Started(worker, os.getpid()))
    try:
        with predecessor.ended(), liveness.heartbeat(worker, report):
            work()
    except Exception as error:  # noqa: BLE001 - reported in full, and the run fails with it
        said = f"{type(error).__name__}: {error}"
        permanent = isinstance(error, TrainerError)
        report(Failed(worker, said, traceback.format_exc(), _has_lost_a_peer(error), permanent))
    else:
        report(Finished(worker))


def _has_lost_a_peer(error: Exception) -> bool:
    """Tells whether the error says no more than that another worker is gone."""
    errors = sys.modules.get("tensorflow.python.framework.errors_impl")
    return errors is not None and isinstance(error, tuple(getattr(errors, name) for name in _LOST_PEER))

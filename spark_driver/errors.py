"""The driver's family of errors, and what each means for the exit status."""

import re

from run.errors import ExplainedError, SettingsError
from text.errors import DataError, TextError
from trainer.errors import TrainerError


class DriverError(Exception):
    """Root of everything that the driver raises on purpose."""


class InputError(DriverError):
    """The input or the output of a run cannot be used."""


class ClusterStartError(DriverError):
    """The executors or their TensorFlow workers did not start."""


class WorkerError(DriverError):
    """A TensorFlow worker failed; the message holds its own traceback."""


class InterruptError(DriverError):
    """A signal has ended the run."""


class LostRowsError(DriverError):
    """The rows counted at two places of a run do not agree."""


USER_ERRORS = (SettingsError, InputError, DataError)


def cause(raised: BaseException) -> Exception:
    """Returns what has ended a run: a signal, the user's error that a task raised, or else the error as it is.

    A signal reaches Spark's JVM too, which may end first: what the driver then says of Spark is not the cause.
    """
    error: BaseException | None = raised
    while error is not None:
        if isinstance(error, KeyboardInterrupt):
            return InterruptError(f"The run was ended by {error or 'SIGINT'}.")
        error = error.__context__
    assert isinstance(raised, Exception)
    return _of_executor(raised)


def _of_executor(error: Exception) -> Exception:
    found = re.search(r"^[\w.]*\.(?:InputError|DataError|SegmenterError): (.*)$", str(error), re.MULTILINE)
    return InputError(found[1]) if found else error


def exit_status(error: Exception) -> int:
    """Returns 2 for what the user's configuration or data caused, 1 for anything else."""
    return 2 if isinstance(error, USER_ERRORS) else 1


def described(error: Exception) -> str:
    """Returns what to tell the user: our own errors as they are, others with their type."""
    ours = isinstance(error, DriverError | ExplainedError | TextError | TrainerError)
    return str(error) if ours else f"{type(error).__name__}: {error}"

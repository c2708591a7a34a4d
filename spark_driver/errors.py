"""The driver's family of errors, and what each means for the exit status."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from py4j.protocol import Py4JJavaError
from pyspark.errors import AnalysisException

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


@contextmanager
def reading(uri: str, kind: str, advice: str) -> Iterator[None]:
    """Says of Spark's error what was to be read, in a line.

    Raises:
        InputError: in place of Spark's.
    """
    try:
        yield
    except (AnalysisException, Py4JJavaError) as error:
        said = error.java_exception.getMessage() if isinstance(error, Py4JJavaError) else str(error)
        raise InputError(f"The input {uri!r} cannot be read as {kind}: {said.splitlines()[0]} {advice}") from error


@contextmanager
def readable(key: str, path: str) -> Iterator[None]:
    """Makes Spark's error about a file that the run file names one that says which.

    Raises:
        InputError: Spark cannot read the file.
    """
    try:
        yield
    except AnalysisException as error:
        raise InputError(f"{key}: {path!r} cannot be read: {str(error).splitlines()[0]}") from error


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

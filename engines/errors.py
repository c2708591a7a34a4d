"""The error of an engine that has failed."""

from run.errors import ExplainedError


class EngineError(ExplainedError):
    """An engine has not carried the records to their end; the message is that of the task that failed."""

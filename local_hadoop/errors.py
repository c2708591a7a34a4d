"""The error of Hadoop on one machine."""

from run.errors import ExplainedError


class HadoopError(ExplainedError):
    """Hadoop on this machine cannot be started, found or stopped."""

"""The gateway's family of errors."""

from run.errors import ExplainedError


class ClusterError(ExplainedError):
    """Root of what the gateway raises on purpose."""


class LaunchError(ClusterError):
    """A launch cannot begin."""


class ComparisonError(ClusterError):
    """Runs cannot be compared."""


class TuningError(ClusterError):
    """A tuning cannot begin or go on."""


class PackError(ClusterError):
    """The environment cannot be packed."""


class YarnError(ClusterError):
    """YARN cannot be asked."""

"""The error of Hadoop on one machine."""

from cluster.errors import ClusterError


class HadoopError(ClusterError):
    """Hadoop on this machine cannot be started, found or stopped."""

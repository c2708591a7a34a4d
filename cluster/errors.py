"""The gateway's family of errors."""


class ClusterError(Exception):
    """Root of the gateway's errors."""


class LaunchError(ClusterError):
    """A launch cannot begin."""


class ProfileError(ClusterError):
    """A profile is unknown or cannot be used."""


class HdfsError(ClusterError):
    """HDFS cannot be read or written."""


class PackError(ClusterError):
    """The environment cannot be packed."""


class YarnError(ClusterError):
    """YARN cannot be asked."""

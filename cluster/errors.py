"""The gateway's family of errors."""


class ClusterError(Exception):
    """Root of the gateway's errors: what is wrong and, where they can be told apart, what to do about it."""

    def __init__(self, found: str, remedy: str | None = None):
        super().__init__(found if remedy is None else f"{found} {remedy}")
        self.found = found
        self.remedy = remedy


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

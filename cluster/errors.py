"""The gateway's family of errors."""


class ClusterError(Exception):
    """Root of the gateway's errors."""


class LaunchError(ClusterError):
    """A launch cannot begin."""


class ProfileError(ClusterError):
    """A profile is unknown or cannot be used."""

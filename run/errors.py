"""The errors of a run's settings, and the form of every error that tells the user what to do."""


class ExplainedError(Exception):
    """What is wrong and, where they can be told apart, what to do about it."""

    def __init__(self, found: str, remedy: str | None = None):
        super().__init__(found if remedy is None else f"{found} {remedy}")
        self.found = found
        self.remedy = remedy


class RunError(ExplainedError):
    """Root of what this package raises on purpose."""


class SettingsError(RunError):
    """A run file, a profile, a `--set` or a Spark property cannot be used; the message names key, value and remedy."""

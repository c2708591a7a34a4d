"""Flink's environment, as the gateway finds it."""

from pathlib import Path

from cluster.errors import LaunchError
from run.profile import Profile

OURS = Path(__file__).parents[2]

PARALLELISM = "parallelism.default"
"""Flink's property for how many tasks run side by side."""


def python(profile: Profile) -> Path:
    """Returns the Python of Flink's environment.

    Raises:
        LaunchError: there is none.
    """
    found = OURS / profile.flink_python
    if not found.is_file():
        raise LaunchError(
            f"There is no {found}: Flink needs an environment of its own.",
            "Make it with `make env-flink`, or name its Python as flink_python in a profile.",
        )
    return found

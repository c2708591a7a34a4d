"""Where to run: the profile (`profile.toml`) as a frozen dataclass."""

from pathlib import Path
from typing import Annotated

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from cluster.errors import ProfileError

Positive = Annotated[int, Field(ge=1)]


@dataclass(frozen=True, kw_only=True, config=ConfigDict(extra="forbid", use_attribute_docstrings=True))
class Profile:
    """Executors and what each of them gets. A worker is an executor: one task slot, one TensorFlow process."""

    workers: Positive = 2
    """Executors, each with one TensorFlow worker."""

    cores: Positive = 1
    """Cores of each executor, for its TensorFlow worker."""

    executor_memory_mb: Annotated[int, Field(ge=512)] = 1024
    """Memory of each executor's JVM, in MiB; TensorFlow and Python live outside it."""

    driver_memory_mb: Annotated[int, Field(ge=512)] = 1024
    """Memory of the driver's JVM, in MiB."""

    spark: dict[str, str] = Field(default_factory=dict)
    """Further Spark properties, passed on as they are."""


def path_of(name: str) -> Path:
    """Returns the file of a profile: one of ours by its name, or the user's own by its path.

    Raises:
        ProfileError: there is no such profile.
    """
    ours = Path(__file__).with_name("profiles")
    for path in (ours / f"{name}.toml", Path(name)):
        if path.is_file():
            return path
    known = ", ".join(sorted(p.stem for p in ours.glob("*.toml")))
    raise ProfileError(f"There is no profile {name!r}. Known: {known}; or give the path of a TOML file.")

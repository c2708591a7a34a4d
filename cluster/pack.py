"""The environment as an archive for YARN's nodes: this environment's Python, with what a run imports."""

import hashlib
import platform
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from venv_pack import Env, VenvPackException

from cluster.errors import PackError

PROJECT = "textcnn-on-spark"
EXTRAS = ("cpu", "gpu")
"""Of the two, what is installed goes in; tools for development do not."""

LEFT_OUT = (
    "*/pyspark/jars/*",  # YARN gets them by spark.yarn.archive
    "*/tensorflow/include/*",  # for those who compile against TensorFlow
    "*/clang/*",  # likewise
    "*/pandas/tests/*",  # thousands of files that each node would have to unpack
    "*/numpy/*/tests/*",  # likewise
    "*.pyi",  # for those who check types
    "bin/*",  # commands; all but Python itself
)
COMPRESSION = 4
"""Takes half a minute, for 438 MB with a TensorFlow without GPUs."""


def pack(folder: Path) -> tuple[Path, bool]:
    """Packs the environment of this Python, unless the same one is there.

    The archive is named by what makes its content: Python's version and place, the machine's kind, name and version
    of each distribution. Its Python is a link to the one that this environment was made of, which the nodes must
    have in the same place.

    Args:
        folder: where the archive goes.

    Returns:
        The archive, and whether it was there before.

    Raises:
        PackError: this Python is in no virtual environment, or the archive cannot be written.
    """
    if sys.prefix == sys.base_prefix:
        raise PackError(
            f"{sys.executable} is in no virtual environment. Make one (python -m venv), install textcnn there and run "
            "its `textcnn pack`."
        )
    needed = dict(_closure())
    archive = folder / f"environment-{_digest(needed)}.tar.gz"
    if archive.exists():
        return archive, True
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".packing-") as scratch:
            packed = Path(scratch) / archive.name
            _environment(needed).pack(str(packed), compress_level=COMPRESSION)
            packed.chmod(0o644)
            packed.rename(archive)
    except (OSError, VenvPackException) as error:
        raise PackError(f"The environment {sys.prefix} cannot be packed into {folder}: {error}") from error
    return archive, False


def _closure() -> Iterator[tuple[str, metadata.Distribution]]:
    """Yields each distribution that a run needs, by its name."""
    seen: set[str] = set()
    waiting = [(PROJECT, extra) for extra in ("", *EXTRAS)]
    done: set[tuple[str, str]] = set()
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in done:
            continue
        done.add((name, extra))
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue  # of the other extra, or for another machine
        if name not in seen and name != PROJECT:
            seen.add(name)
            yield name, distribution
        for text in distribution.requires or ():
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
                needs = canonicalize_name(requirement.name)
                waiting += [(needs, wanted) for wanted in ("", *requirement.extras)]


def _digest(needed: dict[str, metadata.Distribution]) -> str:
    versions = sorted(f"{name}=={distribution.version}" for name, distribution in needed.items())
    lines = [platform.python_version(), sys.base_prefix, sysconfig.get_platform(), *LEFT_OUT, *versions]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def _environment(needed: dict[str, metadata.Distribution]) -> Env:
    """The environment without what a run does not need."""
    environment = Env(sys.prefix)
    for pattern in LEFT_OUT:
        environment = environment.exclude(pattern)
    environment = environment.include("bin/python*")
    kept = {top for distribution in needed.values() for top in _tops(distribution)}
    for distribution in metadata.distributions(path=[p for p in sys.path if p.startswith(sys.prefix)]):
        if canonicalize_name(distribution.metadata["Name"]) not in needed:
            for top in sorted(_tops(distribution) - kept):
                environment = environment.exclude(f"*/site-packages/{top}").exclude(f"*/site-packages/{top}/*")
    return environment


def _tops(distribution: metadata.Distribution) -> set[str]:
    """What a distribution has directly in site-packages."""
    return {file.parts[0] for file in distribution.files or () if file.parts[0] != ".."}

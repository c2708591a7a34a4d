"""The environment as an archive for YARN's nodes: this environment's Python, with what a run imports."""

import hashlib
import platform
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Set
from fnmatch import fnmatch
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
    "*/site-packages/pyspark/*",  # the nodes get the one that submits, by PYSPARK_ARCHIVES_PATH and spark.yarn.archive
    "*/include/*",  # for those who compile against it, as what follows
    "*/clang/*",
    "*.[ch]",
    "*.cc",
    "*.px[di]",
    "*.pyx",
    "*/tests/*",  # nobody runs them on a node, which has to unpack each
    "*.pyi",  # for those who check types
    "*.jsa",  # classes that JVMs of this machine map
    "bin/*",  # commands; all but Python itself
)
KEPT = "bin/python*"
COMPRESSION = 4
"""Takes half a minute, for 440 MB with a TensorFlow without GPUs."""


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
    kept = {top for distribution in needed.values() for top in _tops(distribution)}
    others = metadata.distributions(path=[p for p in sys.path if p.startswith(sys.prefix)])
    unneeded = {top for other in others for top in _tops(other)} - kept
    environment = Env(sys.prefix)
    environment.files = [file for file in environment.files if _is_needed(file.target, unneeded)]
    return environment


def _is_needed(target: str, unneeded: Set[str]) -> bool:
    """Tells whether a file goes in, by its path in the environment and what is not needed in site-packages."""
    if fnmatch(target, KEPT):
        return True
    top = target.partition("/site-packages/")[2].partition("/")[0]
    return top not in unneeded and not any(fnmatch(target, pattern) for pattern in LEFT_OUT)


def _tops(distribution: metadata.Distribution) -> set[str]:
    """What a distribution has directly in site-packages."""
    return {file.parts[0] for file in distribution.files or () if file.parts[0] != ".."}

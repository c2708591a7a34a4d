"""The packed environment: the same Python as here, with TensorFlow and what TensorFlowOnSpark needs."""

import re
import sys
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

import storage
from cluster.doctor.finding import Finding, failed, note, ok, warning
from cluster.errors import PackError
from run.profile import Profile

PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
TENSORFLOWS = ("tensorflow", "tensorflow-cpu")
NEEDED = {"tensorflowonspark": SpecifierSet(), "setuptools": SpecifierSet("<81"), "six": SpecifierSet()}
"""TensorFlowOnSpark, and what it imports: pkg_resources out of setuptools, and six."""
PACK = "Make another with `textcnn pack`, and name it as environment in the profile."


@dataclass(frozen=True)
class Archive:
    """What a packed environment has in it."""

    pythons: frozenset[str]
    """As in 3.11."""
    versions: Mapping[str, str]
    """Of each distribution."""
    interpreter: str | None
    """What bin/python is a link to, outside; None if the archive has an interpreter of its own."""


def findings(profile: Profile, has_hdfs: bool) -> Iterator[Finding]:
    """Looks at the Python that the workers will have.

    Args:
        profile: where to run.
        has_hdfs: HDFS can be asked for an archive that lies there.
    """
    name = profile.environment
    if name is None:
        remedy = "It needs all that a worker imports. Or: `textcnn pack`, and name the archive as environment."
        yield warning("environment", f"the nodes' own {profile.python}, which is not looked at", remedy)
    elif name.startswith("hdfs:"):
        if has_hdfs:
            yield _on_hdfs(name)
    elif Path(name).is_file():
        yield from _judge(read(Path(name)), name)
    else:
        yield failed("environment", f"there is no file {name}", PACK)


def read(path: Path) -> Archive:
    """Lists a packed environment; that takes some seconds.

    Raises:
        PackError: it is no tar.gz, or not a whole one.
    """
    links: dict[str, str] = {}
    pythons: set[str] = set()
    versions: dict[str, str] = {}
    try:
        with tarfile.open(path, "r|gz") as archive:
            for member in archive:
                file = PurePosixPath(member.name)  # without a leading ./
                if member.issym() and file.parts[0] == "bin":
                    links[str(file)] = member.linkname
                if python := re.match(r"lib/python(\d+\.\d+)/", str(file)):
                    pythons.add(python[1])
                if distribution := re.fullmatch(r"lib/.*/([^/]+)-([^/-]+)\.dist-info/METADATA", str(file)):
                    versions[str(canonicalize_name(distribution[1]))] = distribution[2]
    except (OSError, EOFError, tarfile.TarError, zlib.error) as error:
        raise PackError(f"{path} cannot be read as tar.gz: {error}.", PACK) from error
    return Archive(frozenset(pythons), versions, _outside(links))


def _on_hdfs(uri: str) -> Finding:
    size = storage.size(uri)
    if size is None:
        return failed("environment", f"{uri} is not there", PACK)
    return note("environment", f"{uri}, {size / 1e6:,.0f} MB: is there, and is not looked into")


def _judge(archive: Archive, name: str) -> Iterator[Finding]:
    wrong = list(_wrong(archive))
    if wrong:
        yield failed("environment", f"{name} has {', '.join(wrong)}", PACK)
        return
    yield ok("environment", f"{name}, Python {PYTHON}")
    shown = [key for key in (*TENSORFLOWS, *NEEDED) if key in archive.versions]
    yield ok("packages", ", ".join(f"{key} {archive.versions[key]}" for key in shown))
    if archive.interpreter:
        yield note("interpreter", f"{archive.interpreter} has to be on every node; the archive has a link to it")


def _wrong(archive: Archive) -> Iterator[str]:
    if archive.pythons != {PYTHON}:
        yield f"{' and '.join(f'Python {p}' for p in sorted(archive.pythons)) or 'no Python'} (here it is {PYTHON})"
    if not archive.versions.keys() & set(TENSORFLOWS):
        yield "no tensorflow"
    for name, versions in NEEDED.items():
        if name not in archive.versions:
            yield f"no {name}"
        elif archive.versions[name] not in versions:
            yield f"{name} {archive.versions[name]} ({versions} is needed)"


def _outside(links: dict[str, str]) -> str | None:
    """Follows bin/python out of the archive; no link is followed twice."""
    target = "python"
    while next_one := links.pop(f"bin/{target}", None):
        target = next_one
    return target if target.startswith("/") else None

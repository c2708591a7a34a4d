"""Fetches the jars of Hadoop's daemons, and that of Hadoop Streaming, once, by Maven, into the user's cache."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from xml.etree import ElementTree

from local_hadoop.errors import HadoopError

POM = Path(__file__).with_name("pom.xml")
STREAMING_POM = Path(__file__).with_name("streaming.xml")
FETCH_TIMEOUT_S = 1800


def hadoop_version(pom: Path = POM) -> str:
    """The version of Hadoop that a pom names."""
    version = ElementTree.parse(pom).findtext(".//{*}hadoop.version")
    if not version:
        raise HadoopError(f"{pom} must have a property hadoop.version, and has none: restore the file.")
    return version


def jars_folder() -> Path:
    """Where the daemons' jars lie, fetched or not."""
    return cache() / f"hadoop-{hadoop_version()}"


def fetch_jars() -> Path:
    """The folder of Hadoop's jars, fetched first if need be.

    Raises:
        HadoopError: Maven is missing or could not fetch them.
    """
    return fetched(POM, jars_folder())


def fetch_streaming_jar() -> Path:
    """The jar of Hadoop Streaming, fetched first if need be.

    Raises:
        HadoopError: Maven is missing or could not fetch it.
    """
    folder = fetched(STREAMING_POM, cache() / f"hadoop-streaming-{hadoop_version(STREAMING_POM)}")
    return next(folder.glob("hadoop-streaming-*.jar"))


def cache() -> Path:
    """The user's folder of what was fetched."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "textcnn"


def fetched(pom: Path, folder: Path) -> Path:
    """The folder of what a pom names, fetched first if need be.

    Raises:
        HadoopError: Maven is missing or could not fetch it.
    """
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f"{folder.name}.") as scratch:
            fetched = Path(scratch) / "jars"
            _copy_dependencies(pom, fetched, folder)
            _publish(fetched, folder)
    return folder


def _copy_dependencies(pom: Path, folder: Path, meant: Path) -> None:
    """Lets Maven copy what a pom names into a folder; messages name the one that it is meant for."""
    maven = shutil.which("mvn")
    if maven is None:
        raise HadoopError(
            "Maven fetches Hadoop's jars, once, and there is no `mvn` on the PATH: install Maven, "
            f"or copy the jars that {pom} names to {meant}."
        )
    command = [maven, "-q", "-B", "-f", str(pom)]
    command += ["dependency:copy-dependencies", f"-DoutputDirectory={folder}"]
    try:
        subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            timeout=FETCH_TIMEOUT_S,
            check=True,
        )
    except subprocess.CalledProcessError as error:
        last_lines = "\n".join(error.stdout.splitlines()[-20:])
        raise HadoopError(f"Maven could not fetch Hadoop's jars: {error}. It said:\n{last_lines}") from error
    except subprocess.TimeoutExpired as error:
        raise HadoopError(f"Maven did not fetch Hadoop's jars in time: {error}. Try again.") from error


def _publish(fetched: Path, folder: Path) -> None:
    """Renames the fetched folder to its place, unless another process was first."""
    try:
        fetched.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise

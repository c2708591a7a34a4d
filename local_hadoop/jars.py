"""Fetches the jars of Hadoop's daemons once, by Maven, into the user's cache."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from xml.etree import ElementTree

from local_hadoop.errors import HadoopError

POM = Path(__file__).with_name("pom.xml")
FETCH_TIMEOUT_S = 1800


def hadoop_version() -> str:
    """The version of Hadoop that the pom names."""
    version = ElementTree.parse(POM).findtext(".//{*}hadoop.version")
    if not version:
        raise HadoopError(f"{POM} must have a property hadoop.version, and has none: restore the file.")
    return version


def jars_folder() -> Path:
    """Where the jars lie, fetched or not."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "textcnn" / f"hadoop-{hadoop_version()}"


def fetch_jars() -> Path:
    """The folder of Hadoop's jars, fetched first if need be.

    Raises:
        HadoopError: Maven is missing or could not fetch them.
    """
    folder = jars_folder()
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f"{folder.name}.") as scratch:
            fetched = Path(scratch) / "jars"
            _copy_dependencies(fetched)
            _publish(fetched, folder)
    return folder


def _copy_dependencies(folder: Path) -> None:
    """Lets Maven copy what the pom names into a folder."""
    maven = shutil.which("mvn")
    if maven is None:
        raise HadoopError(
            "Maven fetches Hadoop's jars, once, and there is no `mvn` on the PATH: install Maven, "
            f"or copy the jars that {POM} names to {jars_folder()}."
        )
    command = [maven, "-q", "-B", "-f", str(POM)]
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

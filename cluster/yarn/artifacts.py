"""The artifacts of a launch, which the nodes need: put on HDFS once, named by their content and found again by it."""

import hashlib
import os
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

import storage
from cluster.errors import LaunchError
from run.profile import Profile
from storage.backend import CHUNK

OURS = Path(__file__).parents[2]
PACKAGES = ("prepared", "run", "spark_driver", "storage", "text", "trainer")
"""What driver and workers import."""
DIGEST_CHARACTERS = 16
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time of every file in a zip, so that equal files make equal zips."""


@dataclass(frozen=True)
class FileArtifact:
    """A file as it is."""

    path: Path

    @cached_property
    def name(self) -> str:
        """The name on HDFS; the file's own name stays at its end, for what is told by it."""
        return f"{_digest([(self.path.name, self.path)])}-{self.path.name}"

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """Opens the content."""
        with self.path.open("rb") as file:
            yield file


@dataclass(frozen=True)
class ZipArtifact:
    """Files in a zip, not compressed: equal files make the same zip, to the byte."""

    stem: str
    files: Mapping[str, Path]
    """Path of each file by its name in the zip."""

    @cached_property
    def name(self) -> str:
        """The name on HDFS, told without making the zip."""
        return f"{_digest(sorted(self.files.items()))}-{self.stem}.zip"

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """Makes the zip in a temporary file and opens it."""
        with TemporaryFile() as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
                for name, path in sorted(self.files.items()):
                    with path.open("rb") as source, archive.open(zipfile.ZipInfo(name, EPOCH), "w") as target:
                        while chunk := source.read(CHUNK):
                            target.write(chunk)
            file.seek(0)
            yield file


Artifact = FileArtifact | ZipArtifact


@dataclass(frozen=True, kw_only=True)
class Artifacts:
    """What the nodes need to run a job."""

    jars: Artifact
    """Spark's jars."""
    pyspark: tuple[Artifact, ...]
    """Spark's Python side."""
    packages: Artifact
    """Our own packages."""
    environment: Artifact | str | None
    """Python with all that it imports; an URI if it is on HDFS already."""

    def __iter__(self) -> Iterator[Artifact]:
        """Yields what has to be on HDFS."""
        yield from (self.jars, *self.pyspark, self.packages)
        if isinstance(self.environment, FileArtifact | ZipArtifact):
            yield self.environment


@dataclass(frozen=True)
class Upload:
    """What came of putting an artifact on HDFS."""

    name: str
    size: int
    reused: bool

    def __str__(self) -> str:
        return f"{'reused' if self.reused else 'uploaded'} {self.name}, {self.size / 1e6:,.1f} MB"


def of(profile: Profile, spark_home: Path) -> Artifacts:
    """Returns what a job of a profile needs.

    Raises:
        LaunchError: the packed environment is missing.
    """
    jars = {path.name: path for path in (spark_home / "jars").glob("*.jar")}
    python = sorted((spark_home / "python" / "lib").glob("py*.zip"))
    return Artifacts(
        jars=ZipArtifact("spark-jars", jars),
        pyspark=tuple(map(FileArtifact, python)),
        packages=packages(PACKAGES),
        environment=environment(profile.environment),
    )


def put(artifacts: Iterable[Artifact], folder: str) -> Iterator[Upload]:
    """Puts into a folder on HDFS what is not there yet, and yields what came of each.

    Raises:
        StorageError: the folder cannot be written.
    """
    storage.check_writable(folder)
    for artifact in artifacts:
        uri = storage.join(folder, artifact.name)
        size = storage.size(uri)
        if size is not None:
            yield Upload(artifact.name, size, reused=True)
        else:
            with artifact.open() as file:
                yield Upload(artifact.name, storage.put(uri, file), reused=False)


def environment(name: str | None, key: str = "environment", command: str = "textcnn pack") -> FileArtifact | str | None:
    """Returns the packed environment that a profile names.

    Args:
        name: a path here, or an hdfs:// URI.
        key: the profile's for it.
        command: what packs it.

    Raises:
        LaunchError: it is missing.
    """
    if name is None or name.startswith("hdfs:"):
        return name
    path = Path(name)
    if not path.is_file():
        raise LaunchError(
            f"There is no packed environment {name!r}.",
            f"Make it with `{command}`, and give its path or its hdfs:// URI as the profile's {key}.",
        )
    return FileArtifact(path)


def configuration() -> ZipArtifact:
    """Returns the Hadoop configuration that HADOOP_CONF_DIR names.

    Raises:
        LaunchError: it names none.
    """
    folder = os.environ.get("HADOOP_CONF_DIR") or os.environ.get("YARN_CONF_DIR")
    if not folder:
        raise LaunchError(
            "HADOOP_CONF_DIR is not set: set it to the folder of core-site.xml, hdfs-site.xml, yarn-site.xml and, for "
            "MapReduce, mapred-site.xml of the Hadoop to run on. `textcnn hadoop up` (--mapreduce) starts one on this "
            "machine and prints its folder."
        )
    return ZipArtifact("hadoop-conf", {path.name: path for path in Path(folder).glob("*.xml")})


def packages(names: Iterable[str]) -> ZipArtifact:
    """Returns our packages of these names, each file by its name below the folder that holds them."""
    files = (path for package in names for path in (OURS / package).rglob("*"))
    wanted = {str(path.relative_to(OURS)): path for path in files if path.is_file() and path.suffix != ".pyc"}
    return ZipArtifact("textcnn", wanted)


def _digest(files: Iterable[tuple[str, Path]]) -> str:
    """A digest of names and contents."""
    digest = hashlib.sha256()
    for name, path in files:
        with path.open("rb") as file:
            digest.update(f"{name}\0{hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
    return digest.hexdigest()[:DIGEST_CHARACTERS]

"""What the nodes need, put on HDFS once: files named by their content, and found again by it."""

import hashlib
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

from cluster import hdfs
from cluster.errors import ProfileError
from cluster.profile import Profile

OURS = Path(__file__).parents[1]
PACKAGES = ("cluster", "spark_driver", "trainer")
DIGEST_CHARACTERS = 16
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time of every file in a zip, so that equal files make equal zips."""


@dataclass(frozen=True)
class FileContent:
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
class ZipContent:
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
                        while chunk := source.read(hdfs.CHUNK):
                            target.write(chunk)
            file.seek(0)
            yield file


Content = FileContent | ZipContent


@dataclass(frozen=True, kw_only=True)
class Needed:
    """What the nodes need to run a job."""

    jars: Content
    """Spark's jars."""
    pyspark: tuple[Content, ...]
    """Spark's Python side."""
    packages: Content
    """Our own packages."""
    environment: Content | str | None
    """Python with all that it imports; an URI if it is on HDFS already."""

    def contents(self) -> Iterator[Content]:
        """Yields what has to be on HDFS."""
        yield from (self.jars, *self.pyspark, self.packages)
        if isinstance(self.environment, FileContent | ZipContent):
            yield self.environment


@dataclass(frozen=True)
class Upload:
    """What came of putting a content on HDFS."""

    name: str
    size: int
    reused: bool

    def __str__(self) -> str:
        return f"{'reused' if self.reused else 'uploaded'} {self.name}, {self.size / 1e6:,.1f} MB"


def needed(profile: Profile, spark_home: Path) -> Needed:
    """Returns what a job of a profile needs.

    Raises:
        ProfileError: the packed environment is missing.
    """
    jars = {path.name: path for path in (spark_home / "jars").glob("*.jar")}
    python = sorted((spark_home / "python" / "lib").glob("py*.zip"))
    return Needed(
        jars=ZipContent("spark-jars", jars),
        pyspark=tuple(map(FileContent, python)),
        packages=ZipContent("textcnn", _packages()),
        environment=_environment(profile.environment),
    )


def put(needed: Needed, folder: hdfs.Folder) -> Iterator[Upload]:
    """Puts on HDFS what is not there yet, and yields what came of each.

    Raises:
        HdfsError: the folder cannot be written.
    """
    folder.make()
    for content in needed.contents():
        name = content.name
        size = folder.size(name)
        if size is not None:
            yield Upload(name, size, reused=True)
        else:
            with content.open() as file:
                yield Upload(name, folder.put(name, file), reused=False)


def _environment(name: str | None) -> Content | str | None:
    if name is None or name.startswith("hdfs:"):
        return name
    path = Path(name)
    if not path.is_file():
        raise ProfileError(
            f"There is no packed environment {name!r}.",
            "Make it with `textcnn pack`, and give its path or its hdfs:// URI as the profile's environment.",
        )
    return FileContent(path)


def _packages() -> dict[str, Path]:
    """The files of our packages by their names below the folder that holds them."""
    files = (path for package in PACKAGES for path in (OURS / package).rglob("*"))
    return {str(path.relative_to(OURS)): path for path in files if path.is_file() and path.suffix != ".pyc"}


def _digest(files: Iterable[tuple[str, Path]]) -> str:
    """A digest of names and contents."""
    digest = hashlib.sha256()
    for name, path in files:
        with path.open("rb") as file:
            digest.update(f"{name}\0{hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
    return digest.hexdigest()[:DIGEST_CHARACTERS]

"""What the containers of an application of Flink's have: Flink, Hadoop's client and configuration, and our packages."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cluster.errors import LaunchError
from cluster.flink import python
from cluster.spark_submit import spark_home
from cluster.yarn import artifacts
from cluster.yarn.artifacts import Artifact, FileArtifact, ZipArtifact
from run.profile import Profile
from storage import join

PACKAGES = ("engines", "prepared", "run", "storage", "text")
"""What the program and Flink's Python processes import."""

_ENVIRONMENT = ("flink_environment", "venv-pack -p .venv-flink -o flink.tar.gz")
"""The profile's key for Flink's environment, and what packs it."""

_FLINK = "from importlib.util import find_spec; print(*find_spec('pyflink').submodule_search_locations)"


@dataclass(frozen=True, kw_only=True)
class Containers:
    """What is put on HDFS for them, and how they see it."""

    python: Path
    """Of Flink's environment, on every node where none is sent."""
    environment: FileArtifact | str | None
    """Flink's environment for nodes; an URI if it is on HDFS already."""
    flink: Path
    """Flink's folder in that environment, here."""
    dist: FileArtifact
    """The jar of Flink itself, which it wants by itself."""
    jars: ZipArtifact
    """Its other jars, and those of the Hadoop client that Spark has: Flink brings none."""
    configuration: ZipArtifact
    packages: ZipArtifact

    @classmethod
    def of(cls, profile: Profile) -> "Containers":
        """Returns what an application of a profile needs.

        Raises:
            LaunchError: there is no Flink or no Hadoop client, or it is not said which Hadoop.
        """
        interpreter = python(profile)
        flink = _flink(interpreter)
        (dist,) = flink.glob("lib/flink-dist-*.jar")
        jars = [*flink.glob("lib/*.jar"), *_hadoop()]
        return cls(
            python=interpreter,
            environment=artifacts.environment(profile.flink_environment, *_ENVIRONMENT),
            flink=flink,
            dist=FileArtifact(dist),
            jars=ZipArtifact("flink-jars", {path.name: path for path in jars if path != dist}),
            configuration=artifacts.configuration(),
            packages=artifacts.packages(PACKAGES),
        )

    def __iter__(self) -> Iterator[Artifact]:
        """Yields what has to be on HDFS."""
        yield from (self.dist, self.jars, self.configuration, self.packages)
        if isinstance(self.environment, FileArtifact):
            yield self.environment

    @property
    def classpath(self) -> list[str]:
        """The jars of a client, here."""
        return [str(self.dist.path), *map(str, self.jars.files.values())]

    @property
    def executables(self) -> dict[str, str]:
        """Flink's properties for the Python of the program and of tasks."""
        python = str(self.python) if self.environment is None else f"./{_name(self.environment)}/bin/python"
        return {"python.client.executable": python, "python.executable": python}

    def properties(self, staging: str) -> dict[str, str]:
        """Returns Flink's properties for what lies in a container.

        Args:
            staging: the URI of the folder that the artifacts lie in.
        """
        # In a container's working directory, an archive is a folder of the same name; YARN's shell knows $PWD.
        configuration, jars = (f"$PWD/{archive.name}" for archive in (self.configuration, self.jars))
        archives = [self.jars, self.configuration, *([] if self.environment is None else [self.environment])]
        return {
            "yarn.flink-dist-jar": join(staging, self.dist.name),
            "yarn.ship-archives": ";".join(_uri(archive, staging) for archive in archives),
            "flink.yarn.application.classpath": f"{configuration},{jars}/*",
            "containerized.master.env.HADOOP_CONF_DIR": configuration,
            "containerized.taskmanager.env.HADOOP_CONF_DIR": configuration,
            "python.files": join(staging, self.packages.name),
            **self.executables,
        }


def _uri(archive: Artifact | str, staging: str) -> str:
    return archive if isinstance(archive, str) else join(staging, archive.name)


def _name(archive: Artifact | str) -> str:
    return archive.rpartition("/")[2] if isinstance(archive, str) else archive.name


def _flink(interpreter: Path) -> Path:
    found = subprocess.run(
        [str(interpreter), "-c", _FLINK], stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", check=False
    )
    if found.returncode:
        raise LaunchError(
            f"There is no PyFlink for {interpreter}.",
            "Make its environment with `make env-flink`, or name its Python as flink_python in a profile.",
        )
    return Path(found.stdout.strip())


def _hadoop() -> list[Path]:
    jars = spark_home() / "jars"
    found = sorted(jars.glob("hadoop-client-*.jar"))
    if not found:
        raise LaunchError(f"There are no jars of Hadoop's client in {jars}.", "Take a Spark that comes with Hadoop.")
    return found

"""What the containers of a streaming job have: Python, our packages, and the gateway's Hadoop configuration."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cluster.yarn import artifacts
from cluster.yarn.artifacts import Artifact, FileArtifact, ZipArtifact
from run.profile import Profile
from storage import join

PACKAGES = ("engines", "prepared", "run", "storage", "text")
"""What mappers and reducers import."""

_PACKAGES, _ENVIRONMENT, _CONFIGURATION = "textcnn.zip", "environment", "hadoop-conf"
"""Names in a container's working directory."""


@dataclass(frozen=True, kw_only=True)
class Containers:
    """What is put on HDFS for them, and how they see it."""

    packages: Artifact
    configuration: Artifact
    environment: Artifact | str | None
    """Python with all that it imports; an URI if it is on HDFS already."""
    nodes_python: str
    """The nodes' own, where there is no environment."""

    @classmethod
    def of(cls, profile: Profile) -> "Containers":
        """Returns what the jobs of a profile need.

        Raises:
            LaunchError: the packed environment is missing, or it is not said which Hadoop.
        """
        return cls(
            packages=artifacts.packages(PACKAGES),
            configuration=artifacts.configuration(),
            environment=artifacts.environment(profile.environment),
            nodes_python=profile.python,
        )

    def __iter__(self) -> Iterator[Artifact]:
        """Yields what has to be on HDFS."""
        yield from (self.packages, self.configuration)
        if isinstance(self.environment, FileArtifact | ZipArtifact):
            yield self.environment

    def command(self, *arguments: str) -> str:
        """Returns the command line of a Python there."""
        python = self.nodes_python if self.environment is None else f"./{_ENVIRONMENT}/bin/python"
        return " ".join((python, *arguments))

    def properties(self, staging: str, files: Sequence[str]) -> dict[str, str]:
        """Returns Hadoop's properties for what lies in a container.

        Args:
            staging: the URI of the folder that the artifacts lie in.
            files: further files, URIs with their name there after a #.
        """
        archives = [f"{join(staging, self.configuration.name)}#{_CONFIGURATION}"]
        if self.environment is not None:
            given = self.environment if isinstance(self.environment, str) else join(staging, self.environment.name)
            archives.append(f"{given}#{_ENVIRONMENT}")
        return {
            "mapreduce.job.cache.files": ",".join((f"{join(staging, self.packages.name)}#{_PACKAGES}", *files)),
            "mapreduce.job.cache.archives": ",".join(archives),
        }

    @property
    def variables(self) -> dict[str, str]:
        """The variables of a Python there."""
        return {"PYTHONPATH": _PACKAGES, "HADOOP_CONF_DIR": _CONFIGURATION}

"""Where to run: the profile (`profile.toml`) as a frozen dataclass."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from run.errors import SettingsError

Positive = Annotated[int, Field(ge=1)]

PLACE = {"spark.master": "master", "spark.submit.deployMode": "deploy_mode"}
"""Spark's properties that a profile sets by keys of its own alone: much else follows from them."""


@dataclass(frozen=True, kw_only=True, config=ConfigDict(extra="forbid", use_attribute_docstrings=True))
class Profile:
    """Executors and what each of them gets. A worker is an executor: one task slot, one TensorFlow process."""

    master: Literal["local", "yarn"] = "local"
    """local: executors on this machine; yarn: on the YARN that HADOOP_CONF_DIR describes."""

    deploy_mode: Literal["cluster", "client"] = "cluster"
    """Where the driver runs on YARN: in a container (cluster) or on this machine (client)."""

    workers: Positive = 2
    """Executors, each with one TensorFlow worker."""

    cores: Positive = 1
    """Cores of each executor, for its TensorFlow worker."""

    gpus: Annotated[int, Field(ge=0)] = 0
    """GPUs of each executor, on YARN: 0 or 1. More GPUs are more workers, of which a node takes several."""

    executor_memory_mb: Annotated[int, Field(ge=512)] = 1024
    """Memory of each executor's JVM, in MiB; TensorFlow and Python live outside it."""

    memory_overhead_mb: Annotated[int, Field(ge=384)] = 3072
    """Memory of each executor outside its JVM, in MiB, on YARN: TensorFlow and Python. YARN kills what takes more."""

    driver_memory_mb: Annotated[int, Field(ge=512)] = 1024
    """Memory of the driver's JVM, in MiB."""

    driver_memory_overhead_mb: Annotated[int, Field(ge=384)] = 1024
    """Memory of the driver outside its JVM, in MiB, on YARN in cluster mode: the driver's Python."""

    start_timeout_s: Positive = 120
    """Seconds to wait for all executors on YARN; a node that has to unpack the environment first takes longer."""

    queue: str | None = None
    """YARN's queue; if not given, YARN's default."""

    node_label: str | None = None
    """The label of the nodes for the executors, for instance those with GPUs."""

    tags: tuple[str, ...] = ()
    """YARN's tags of the application."""

    principal: str | None = None
    """Kerberos principal for runs that outlast the ticket; goes with keytab."""

    keytab: str | None = None
    """File with the principal's key."""

    environment: str | None = None
    """The archive that `textcnn pack` makes: a file here, or an hdfs:// URI. Without it the nodes' own `python`."""

    python: str = "python3"
    """The nodes' own Python with all that a worker imports, where there is no environment."""

    staging: str = ".textcnn"
    """Folder on HDFS for what the nodes need, put there once; relative to the user's home, or an hdfs:// URI."""

    spark: dict[str, str] = Field(default_factory=dict)
    """Further Spark properties; they win over ours, and what follows -- on the command line wins over them."""

    mapreduce: dict[str, str] = Field(default_factory=dict)
    """Hadoop's properties for the jobs of MapReduce, as in "mapreduce.map.memory.mb" = "4096"; they win over ours."""

    flink_python: str = ".venv-flink/bin/python"
    """The Python of Flink's environment, which `make env-flink` makes; relative to the project's folder. On YARN it is
    on every node too, at the same path, unless there is a flink_environment."""

    flink_environment: str | None = None
    """Flink's environment for YARN's nodes, as venv-pack makes it: an archive here, or an hdfs:// URI."""

    flink: dict[str, str] = Field(default_factory=dict)
    """Flink's properties, as in "parallelism.default" = "4"; they win over ours."""

    def __post_init__(self) -> None:
        if (self.principal is None) != (self.keytab is None):
            raise ValueError(
                f"principal and keytab go together. Received: principal={self.principal!r}, keytab={self.keytab!r}"
            )
        if self.gpus > 1:
            raise ValueError(
                f"gpus is 0 or 1, as a worker trains on one GPU. For {self.gpus * self.workers} GPUs set gpus = 1 and "
                f"workers = {self.gpus * self.workers}: YARN puts several executors on a node that has several GPUs. "
                f"Received: gpus={self.gpus}"
            )
        if self.gpus and self.master == "local":
            raise ValueError(f'gpus are for master = "yarn", which allocates them. Received: gpus={self.gpus}')
        for key in self.spark.keys() & PLACE.keys():
            raise ValueError(f"set {PLACE[key]} in place of {key}. Received: {key}={self.spark[key]!r}")


def path_of(name: str) -> Path:
    """Returns the file of a profile: one of ours by its name, or the user's own by its path.

    Raises:
        SettingsError: there is no such profile.
    """
    ours = Path(__file__).with_name("profiles")
    for path in (ours / f"{name}.toml", Path(name)):
        if path.is_file():
            return path
    known = ", ".join(sorted(p.stem for p in ours.glob("*.toml")))
    raise SettingsError(f"There is no profile {name!r}.", f"Known: {known}; or give the path of a TOML file.")

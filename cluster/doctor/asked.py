"""What a launch asks for, read from its properties."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from cluster.errors import ProfileError

UNITS = {"k": 1 / 1024, "": 1, "m": 1, "g": 1024, "t": 1024**2}
"""Spark's units of memory in MiB."""
CLIENT_MASTER_MB = 512 + 384
"""The application's master in client mode, which has no driver in it: Spark's defaults."""


@dataclass(frozen=True)
class Resources:
    """What a container takes, or a node has."""

    memory_mb: int
    cores: int
    gpus: int = 0

    def times(self, other: "Resources") -> int:
        """How many times the other fits in."""
        parts = ((self.memory_mb, other.memory_mb), (self.cores, other.cores), (self.gpus, other.gpus))
        return max(0, min(there // each for there, each in parts if each))

    def __sub__(self, other: "Resources") -> "Resources":
        return Resources(self.memory_mb - other.memory_mb, self.cores - other.cores, self.gpus - other.gpus)

    def __str__(self) -> str:
        """As in 4,096 MiB, 1 core, 2 GPUs."""
        parts = [f"{self.memory_mb:,} MiB", counted(self.cores, "core")]
        return ", ".join([*parts, counted(self.gpus, "GPU")] if self.gpus else parts)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Executors and the driver's container."""

    executors: int
    cores: int
    """Of each executor."""
    slots: int
    """Tasks that an executor runs at once."""
    heap_mb: int
    """Of each executor's JVM."""
    overhead_mb: int = 0
    """Of each executor outside its JVM, on YARN."""
    gpus: int = 0
    """Of each executor."""
    driver: Resources
    """What holds the driver; in client mode on YARN it stays here, and YARN holds a small container for it."""

    @property
    def executor(self) -> Resources:
        """An executor's container."""
        return Resources(self.heap_mb + self.overhead_mb, self.cores, self.gpus)


def counted(number: int, thing: str) -> str:
    """As in 1 node, 2 nodes."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def asked(properties: Mapping[str, str]) -> Asked:
    """Reads what a launch asks for.

    Raises:
        ProfileError: a property is no number or no memory.
    """
    cores = _count(properties, "spark.executor.cores")
    common = {
        "cores": cores,
        "slots": cores // max(1, _count(properties, "spark.task.cpus")),
        "heap_mb": _mb(properties, "spark.executor.memory"),
    }
    if properties["spark.master"] != "yarn":
        driver = Resources(_mb(properties, "spark.driver.memory"), 1)
        number = int(re.findall(r"\d+", properties["spark.master"])[0])
        return Asked(executors=number, driver=driver, **common)
    return Asked(
        executors=_count(properties, "spark.executor.instances"),
        overhead_mb=_mb(properties, "spark.executor.memoryOverhead"),
        gpus=_count(properties, "spark.executor.resource.gpu.amount", "0"),
        driver=_master(properties),
        **common,
    )


def _master(properties: Mapping[str, str]) -> Resources:
    """The container of the application's master, with the driver in it in cluster mode."""
    if properties["spark.submit.deployMode"] == "client":
        return Resources(CLIENT_MASTER_MB, 1)
    memory = _mb(properties, "spark.driver.memory") + _mb(properties, "spark.driver.memoryOverhead")
    return Resources(memory, _count(properties, "spark.driver.cores", "1"))


def _count(properties: Mapping[str, str], key: str, default: str = "") -> int:
    text = properties.get(key, default)
    if not re.fullmatch(r"\d+", text):
        raise ProfileError(f"{key} is a whole number. Received: {text!r}.", _where(key))
    return int(text)


def _mb(properties: Mapping[str, str], key: str) -> int:
    text = properties[key]
    memory = re.fullmatch(r"(\d+)([kmgt]?)b?", text.strip().lower())
    if memory is None:
        raise ProfileError(f"{key} is memory as in 1024m or 2g. Received: {text!r}.", _where(key))
    return int(int(memory[1]) * UNITS[memory[2]])


def _where(key: str) -> str:
    return f"Set {key} in the profile's [spark] or after --."

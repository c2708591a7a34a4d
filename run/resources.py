"""The resource request of a run: what it asks Spark and YARN for, read from Spark's properties."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from run.errors import SettingsError

FIXED = {"spark.dynamicAllocation.enabled": "false", "spark.scheduler.minRegisteredResourcesRatio": "1.0"}
"""Nothing starts before all executors are there, and none leaves: each has a worker that the others wait for."""

UNITS = {"k": 1 / 1024, "": 1, "m": 1, "g": 1024, "t": 1024**2}
"""Spark's units of memory in MiB."""
_LOCAL_CLUSTER = re.compile(r"local-cluster\[\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*\]")
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
class ResourceRequest:
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

    @classmethod
    def of(cls, properties: Mapping[str, str]) -> "ResourceRequest":
        """Reads Spark's properties; what they do not say is as Spark has it.

        Raises:
            SettingsError: a property is no number or no memory.
        """
        here = _LOCAL_CLUSTER.fullmatch(properties.get("spark.master", ""))
        cores = _count(properties, "spark.executor.cores", here[2] if here else "1")
        slots = cores // max(1, _count(properties, "spark.task.cpus", "1"))
        heap_mb = _mb(properties, "spark.executor.memory", "1g")
        if here:
            driver = Resources(_mb(properties, "spark.driver.memory", "1g"), 1)
            return cls(executors=int(here[1]), cores=cores, slots=slots, heap_mb=heap_mb, driver=driver)
        return cls(
            executors=_count(properties, "spark.executor.instances", "0"),
            cores=cores,
            slots=slots,
            heap_mb=heap_mb,
            overhead_mb=_mb(properties, "spark.executor.memoryOverhead", "384m"),
            gpus=_count(properties, "spark.executor.resource.gpu.amount", "0"),
            driver=_application_master(properties),
        )

    @property
    def executor(self) -> Resources:
        """An executor's container."""
        return Resources(self.heap_mb + self.overhead_mb, self.cores, self.gpus)


def for_workers(properties: Mapping[str, str]) -> ResourceRequest:
    """Returns a request that a TensorFlow worker on each executor can run on.

    Raises:
        SettingsError: the executors have no processes of their own, are not counted, or have other than one task slot.
    """
    master = properties.get("spark.master", "")
    if master.startswith("local") and not _LOCAL_CLUSTER.fullmatch(master):
        raise SettingsError(
            f"A TensorFlow worker needs an executor in a process of its own. Received: master {master!r}.",
            "On one machine use local-cluster[2,1,1024]: two executors, one core and 1,024 MiB each.",
        )
    request = ResourceRequest.of(properties)
    if not request.executors:
        raise SettingsError("It is not said how many executors there are.", "Set spark.executor.instances.")
    if request.slots != 1:
        raise SettingsError(
            f"An executor must have one task slot, so that it gets one worker. Received: {request.slots}, from "
            f"{request.cores} cores and spark.task.cpus={properties.get('spark.task.cpus', '1')}.",
            f"Set spark.task.cpus={request.cores}.",
        )
    return request


def counted(number: int, thing: str) -> str:
    """As in 1 node, 2 nodes."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _application_master(properties: Mapping[str, str]) -> Resources:
    """The container of the application's master, with the driver in it in cluster mode."""
    if properties.get("spark.submit.deployMode", "client") == "client":
        return Resources(CLIENT_MASTER_MB, 1)
    memory = _mb(properties, "spark.driver.memory", "1g") + _mb(properties, "spark.driver.memoryOverhead", "384m")
    return Resources(memory, _count(properties, "spark.driver.cores", "1"))


def _count(properties: Mapping[str, str], key: str, default: str) -> int:
    text = properties.get(key) or default
    if not re.fullmatch(r"\d+", text):
        raise SettingsError(f"{key} is a whole number. Received: {text!r}.", _where(key))
    return int(text)


def _mb(properties: Mapping[str, str], key: str, default: str) -> int:
    text = properties.get(key) or default
    memory = re.fullmatch(r"(\d+)([kmgt]?)b?", text.strip().lower())
    if memory is None:
        raise SettingsError(f"{key} is memory as in 1024m or 2g. Received: {text!r}.", _where(key))
    return int(int(memory[1]) * UNITS[memory[2]])


def _where(key: str) -> str:
    return f"Set {key} in the profile's [spark] or after --."

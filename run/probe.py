"""What a probe of a cluster tells: the driver writes it, the gateway reads it."""

import dataclasses
import json
from collections.abc import Iterable
from dataclasses import dataclass

PROBE = "probe.json"
"""The file, in the folder of the probe."""

DRIVER_LIBRARIES = "driver's libraries"
PYTHON = "node's Python"
LIBRARIES = "node's libraries"
GPU = "node's GPU"
HDFS = "HDFS from node"
DRIVER = "driver from node"


@dataclass(frozen=True)
class Probed:
    """What came of one check."""

    what: str
    """Of the names above."""
    found: str
    """On a line."""
    traceback: str | None = None
    """Of the error that the check ended with, if it did."""


def to_json(probed: Iterable[Probed]) -> str:
    """Returns them as a JSON array."""
    return json.dumps([dataclasses.asdict(one) for one in probed], ensure_ascii=False)


def from_json(data: bytes) -> list[Probed]:
    """Reads what `to_json` wrote."""
    return [Probed(**values) for values in json.loads(data)]

"""The user's own spark-submit arguments: which properties they set, read as spark-submit reads them."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

FLAGS = {
    "--deploy-mode": "spark.submit.deployMode",
    "--driver-memory": "spark.driver.memory",
    "--master": "spark.master",
}
"""Properties that have an argument of their own; it wins over --conf, in whatever order they come."""

YARN_FLAGS = {
    "--driver-cores": "spark.driver.cores",
    "--executor-cores": "spark.executor.cores",
    "--executor-memory": "spark.executor.memory",
    "--num-executors": "spark.executor.instances",
    "--queue": "spark.yarn.queue",
}
"""Likewise, but spark-submit passes over them where it is not on YARN."""

SWITCHES = ("--help", "-h", "--load-spark-defaults", "--supervise", "--usage-error", "--verbose", "-v", "--version")
"""Arguments without a value."""


def properties(arguments: Sequence[str], on_yarn: bool) -> dict[str, str]:
    """Returns the properties that arguments set; of two equal ones the last counts."""
    known = FLAGS | YARN_FLAGS if on_yarn else FLAGS
    conf: dict[str, str] = {}
    flags: dict[str, str] = {}
    for name, value in _pairs(arguments):
        if name in ("--conf", "-c"):
            key, _, value = value.partition("=")
            conf[key] = value
        elif name in known:
            flags[known[name]] = value
    return {**conf, **flags}


def defaults(arguments: Sequence[str], folder: Path) -> dict[str, str]:
    """Returns the properties that hold where nothing else sets them.

    Args:
        arguments: may name a file in place of spark-defaults.conf.
        folder: Spark's configuration.
    """
    files = [value for name, value in _pairs(arguments) if name == "--properties-file"]
    path = Path(files[-1]) if files else folder / "spark-defaults.conf"
    if not path.is_file():
        return {}
    lines = (line.strip() for line in path.read_text(encoding="utf-8", errors="replace").splitlines())
    pairs = (re.split(r"\s*[=:\s]\s*", line, maxsplit=1) for line in lines if line and line[0] not in "#!")
    return {key: "".join(value) for key, *value in pairs}


def _pairs(arguments: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yields names and values of the arguments that have a value."""
    rest = iter(arguments)
    for argument in rest:
        name, equals, value = argument.partition("=")
        if equals and name.startswith("--"):
            yield name, value
        elif argument not in SWITCHES:
            yield argument, next(rest, "")

"""What the engines beside Spark need to prepare a corpus; who prepares by Spark may do without."""

import os
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from cluster import flink
from cluster.doctor.finding import Finding, note, ok
from cluster.errors import LaunchError
from cluster.mapreduce.jobs import streaming_jar
from run.profile import Profile


def flink_environment(profile: Profile) -> Iterator[Finding]:
    """The environment of `textcnn prepare --engine flink` and `textcnn stream`."""
    try:
        yield ok("Flink", str(flink.python(profile)))
    except LaunchError as error:
        yield note("Flink", f"--engine flink and `textcnn stream` cannot be used. {error}")


def mapreduce() -> Iterator[Finding]:
    """The jar, and the clients' configuration, of `textcnn prepare --engine mapreduce`."""
    folder = os.environ.get("HADOOP_CONF_DIR") or os.environ.get("YARN_CONF_DIR") or ""
    framework = _property(Path(folder, "mapred-site.xml"), "mapreduce.framework.name")
    if framework != "yarn":
        yield note(
            "MapReduce",
            "--engine mapreduce cannot be used. mapreduce.framework.name is not yarn in mapred-site.xml of "
            f"HADOOP_CONF_DIR. Received: {framework}",
        )
        return
    jar = streaming_jar()
    yield ok("MapReduce", str(jar or "the jar of Hadoop Streaming is fetched by Maven at first use"))


def _property(file: Path, name: str) -> str | None:
    """A property of a Hadoop configuration file; None if there is none."""
    if not file.is_file():
        return None
    return ElementTree.parse(file).findtext(f"property[name='{name}']/value")

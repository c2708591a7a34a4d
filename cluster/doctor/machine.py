"""This machine: Java, Python, Spark, the Hadoop client, its configuration; memory and cores for executors here."""

import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from packaging.specifiers import SpecifierSet

from cluster.doctor.finding import Finding, failed, ok, warning
from cluster.spark_submit import spark_home
from run.resources import ResourceRequest

JAVA = 17
"""The oldest that Spark 4 runs on."""
PYTHONS = SpecifierSet("==3.11.*")
SPARKS = SpecifierSet(">=3.5,<4.4")
JAVA_SECONDS = 30.0
TENSORFLOW_MB = 1536
"""What a worker takes outside the JVM at the least: TensorFlow, Python and the spool."""
CONFIGURATION = ("core-site.xml", "yarn-site.xml")


def java_version() -> Iterator[Finding]:
    """The Java that spark-submit takes."""
    home = os.environ.get("JAVA_HOME")
    program = shutil.which("java", path=f"{home}/bin" if home else None)
    if program is None:
        yield failed("Java", f"none in {f'JAVA_HOME={home}' if home else 'PATH'}", f"Install Java {JAVA} or later.")
        return
    try:
        said = subprocess.run(
            [program, "-version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=JAVA_SECONDS,
        ).stderr
    except (OSError, subprocess.TimeoutExpired) as error:
        yield failed("Java", f"{program} does not run: {error}", f"Install Java {JAVA} or later.")
        return
    version = re.search(r'version "((?:1\.)?(\d+)[^"]*)"', said)
    if version is None or int(version[2]) < JAVA:
        found = version[1] if version else "no version"
        remedy = f"Install Java {JAVA} or later, and set JAVA_HOME to its folder."
        yield failed("Java", f"{found}, {program}", remedy)
    else:
        yield ok("Java", f"{version[1]}, {program}")


def python_version() -> Iterator[Finding]:
    """The Python of this command, which drivers here and the packed environment have too."""
    found = f"{platform.python_version()}, {sys.executable}"
    if platform.python_version() in PYTHONS:
        yield ok("Python", found)
    else:
        yield failed("Python", found, f"Install textcnn in a Python {PYTHONS}.")


def spark_version() -> Iterator[Finding]:
    """Spark's version, as its jars tell it."""
    home = spark_home()
    version = _version_of_jar("spark-core_*")
    if version is None or not (home / "bin" / "spark-submit").is_file():
        yield failed("Spark", f"none in {home}", "Set SPARK_HOME to Spark's folder, or unset it to use pyspark's.")
    elif version not in SPARKS:
        yield failed("Spark", f"{version}, {home}", f"Set SPARK_HOME to a Spark {SPARKS}.")
    else:
        yield ok("Spark", f"{version}, {home}")


def hadoop_client() -> Iterator[Finding]:
    """Hadoop's client among Spark's jars, and Spark's own for YARN."""
    version = _version_of_jar("hadoop-client-api")
    if version and _version_of_jar("spark-yarn_*"):
        yield ok("Hadoop client", f"{version}, among Spark's jars")
    else:
        remedy = "Set SPARK_HOME to a Spark that comes with Hadoop and YARN, or unset it to use pyspark's."
        yield failed("Hadoop client", f"none among the jars of {spark_home()}", remedy)


def hadoop_configuration() -> Iterator[Finding]:
    """The files that say where HDFS and YARN are."""
    name = os.environ.get("HADOOP_CONF_DIR")
    what = "HADOOP_CONF_DIR"
    if not name:
        remedy = "Set it to the folder of core-site.xml, hdfs-site.xml and yarn-site.xml, or try `textcnn hadoop up`."
        yield failed(what, "not set", remedy)
        return
    for file in CONFIGURATION:
        try:
            ElementTree.parse(Path(name, file))
        except (OSError, ElementTree.ParseError) as error:
            reason = error.strerror if isinstance(error, OSError) else f"no XML: {error}"
            yield failed(what, f"{Path(name, file)}: {reason}", "Set it to a folder with the cluster's own files.")
            return
    yield ok(what, name)


def room(request: ResourceRequest) -> Iterator[Finding]:
    """Memory and cores for executors on this machine."""
    heaps = request.executors * request.heap_mb + request.driver.memory_mb
    needed = heaps + request.executors * TENSORFLOW_MB
    available = _available_mb()
    found = f"{needed:,} MiB needed, {available:,} MiB available"
    if needed > available:
        yield warning("memory", found, "Lower workers or executor_memory_mb in the profile, or end other programs.")
    else:
        yield ok("memory", found)
    cores = os.cpu_count() or 1
    found = f"{request.executors * request.cores} for executors, {cores} on this machine"
    if request.executors * request.cores > cores:
        yield warning("cores", found, "It works, but slowly: lower workers or cores in the profile.")
    else:
        yield ok("cores", found)


def _version_of_jar(pattern: str) -> str | None:
    """The version of a jar of Spark's, if there is one."""
    for jar in (spark_home() / "jars").glob(f"{pattern}-[0-9]*.jar"):
        if version := re.search(r"-(\d+(?:\.\d+)*)", jar.stem):
            return version[1]
    return None


def _available_mb() -> int:
    """Memory that programs can still have."""
    meminfo = Path("/proc/meminfo").read_text(encoding="utf-8")
    return int(meminfo.partition("MemAvailable:")[2].split()[0]) // 1024

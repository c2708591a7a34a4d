"""A run on this machine: the executors are processes, and so is the driver."""

import os
import signal
import subprocess
import sys
from pathlib import Path, PurePosixPath

import storage
from cluster import class_archive
from cluster.spark_home import with_logs
from cluster.spark_submit import Launch, SparkSubmit, executors, quoted, spark_home, spark_submit, terminal
from run import folder, signals
from run.profile import Profile

_LOGGING = Path(__file__).with_name("log4j2-file.properties")
"""The driver's log has a place in the run's folder."""
END_SECONDS = 30.0
"""How long the driver may take to end its executors, before all are killed."""


def run(profile: Profile, launch: Launch, dry_run: bool) -> int:
    """Runs a launch to its end, or prints its command; returns the exit status, 1 if a signal has ended it.

    Raises:
        LaunchError: there is no Spark, or the folder of the logs cannot be made.
    """
    logs = _logs_of(launch.out)
    submitted = command(profile, launch, logs)
    if dry_run:
        print(submitted)
        return 0
    with with_logs(spark_home(), logs) as home:
        environment = {**os.environ, **submitted.environment, **terminal(), "SPARK_HOME": str(home)}
        # In a session of its own: Ctrl-C is answered here, in order, and not by each process by itself.
        with subprocess.Popen(submitted.argv(), env=environment, start_new_session=True) as process:
            try:
                return process.wait()
            except KeyboardInterrupt as interrupt:
                with signals.ignored():
                    _end(process, submitted.script, signal.Signals[str(interrupt)])
                return 1


def command(profile: Profile, launch: Launch, logs: Path) -> SparkSubmit:
    """Returns the command for executors on this machine, each a process of its own.

    Args:
        profile: how many, how large.
        launch: what to run.
        logs: the folder of the driver's log.

    Raises:
        LaunchError: there is no Spark.
        SettingsError: the user's arguments say where to run.
    """
    log = logs.absolute() / "driver.log"
    jvm = (class_archive.JVM, *class_archive.options())
    java = (*jvm, f"-Dlog4j2.configurationFile={_LOGGING.as_uri()}", f"-Dtextcnn.driver.log={log}")
    memory = profile.executor_memory_mb
    properties = {
        "spark.master": f"local-cluster[{profile.workers},{profile.cores},{memory}]",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.extraJavaOptions": quoted(java),
        # What an executor that is killed leaves there lies in its own folder in the logs, as it does on YARN.
        "spark.executor.extraJavaOptions": quoted((*jvm, "-Djava.io.tmpdir=.")),
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": str(2 * profile.workers),
        **executors(profile),
        **profile.spark,
    }
    environment = {
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_DRIVER_PYTHON": sys.executable,
        "SPARK_LOCAL_IP": "127.0.0.1",
        "TF_CPP_MIN_LOG_LEVEL": "2",
    }
    return spark_submit(properties, launch, launch.arguments(), environment)


def _logs_of(out: str) -> Path:
    """The folder of the executors' logs: the run's own, or one on this machine if the run's is on HDFS."""
    run = Path(storage.absolute(out)) if storage.is_local(out) else Path("runs", PurePosixPath(out).name)
    return run / folder.LOGS


def _end(process: subprocess.Popen[bytes], script: Path, number: signal.Signals) -> None:
    """Has the driver end the run: it ends the executors, writes the result, and spark-submit ends after it."""
    driver = _driver(process.pid, script)
    if driver is None:
        process.terminate()  # it has not started, or it has ended
    else:
        os.kill(driver, number)
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)


def _driver(spark_submit: int, script: Path) -> int | None:
    """Returns the process of the driver's script, a child of spark-submit."""
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            parent = f"\nPPid:\t{spark_submit}\n" in status.read_text(encoding="utf-8", errors="replace")
            command = status.with_name("cmdline").read_bytes() if parent else b""
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended meanwhile
        if os.fsencode(script) in command.split(b"\0"):
            return int(status.parent.name)
    return None

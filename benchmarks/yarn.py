"""From submit to the first step on YARN, against a bare pyspark job that only counts, interleaved and repeated.

python -m benchmarks.yarn [--repeat N]

Prints the seconds of each repetition as JSON, a line each. Starts a Hadoop of its own on this machine. Both use the
same packed environment, jars that are on HDFS already, executors and input, in cluster mode.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import storage
from cluster import pack
from cluster.spark_submit import Launch, spark_home
from cluster.yarn import artifacts
from cluster.yarn.command import command
from cluster.yarn.uris import on_hdfs
from local_hadoop.local import down, up
from run.folder import RESULT, metrics
from run.profile import Profile
from run.settings import read

REVIEWS = Path("build/reviews.jsonl")
INPUT = "hdfs:///tmp/reviews.jsonl"
COUNT = Path(__file__).with_name("count.py")
LIMIT_SECONDS = 600
PROFILE = """
master = "yarn"
workers = 2
memory_overhead_mb = 2048
start_timeout_s = 300
environment = "{environment}"
[spark]
"spark.yarn.appMasterEnv.SPARK_LOCAL_IP" = "127.0.0.1"
"spark.executorEnv.SPARK_LOCAL_IP" = "127.0.0.1"
"""


@contextmanager
def hadoop() -> Iterator[None]:
    """HDFS with the reviews on it, and YARN with two nodes; HADOOP_CONF_DIR names them meanwhile."""
    with TemporaryDirectory() as folder:
        running = up(Path(folder, "hadoop"), nodes=2)
        os.environ["HADOOP_CONF_DIR"] = str(running.conf_dir)
        try:
            storage.write(INPUT, REVIEWS.read_bytes())
            yield
        finally:
            del os.environ["HADOOP_CONF_DIR"]
            down(running.folder)


def start_times(repeat: int) -> Iterator[Mapping[str, float]]:
    """Yields seconds from submit to the first step, and to the count of a job that does no more, once a repetition."""
    with hadoop(), TemporaryDirectory() as folder:
        environment, _ = pack.pack(Path("build/environment"))
        profile = Path(folder, "profile.toml")
        profile.write_text(PROFILE.format(environment=environment.absolute()), encoding="utf-8")
        count(profile)  # puts on HDFS, and on the nodes, what all later submissions find there
        for number in range(repeat):
            bare, ours = count(profile), first_step(profile, f"hdfs:///tmp/run-{number}")
            first = sum(ours.values())
            yield {f"YARN, of it {part}, s": seconds for part, seconds in ours.items()} | {
                "YARN, submit to first step, s": first,
                "YARN, submit to a bare count, s": bare,
                "YARN, first step / bare count": first / bare,
            }


def first_step(profile: Path, out: str) -> Mapping[str, float]:
    """Trains, and returns the seconds from the command to the first step that is reported, in parts."""
    program = str(Path(sys.executable).with_name("textcnn"))
    command = [program, "train", "examples/reviews.toml", "--profile", str(profile), "--out", out]
    begun = time.time()
    _run([*command, "--set", f"data.input={INPUT}", "--set", "train.epochs=1"], os.environ)
    result = json.loads(storage.read(storage.join(on_hdfs(out), RESULT)))
    events = [
        json.loads(line) for line in storage.read(storage.join(on_hdfs(out), metrics(result["run"]))).splitlines()
    ]
    joined, spooled, step = (
        [event["time"] for event in events if event["kind"] == kind] for kind in ("Joined", "Spooled", "Progress")
    )
    preparing = result["seconds"]["prepare"]
    return {
        "containers and Spark": min(joined) - begun - preparing,
        "reading and preparing": preparing,
        "starting TensorFlow and feeding": max(spooled) - min(joined),
        "building the model and its first step": min(step) - max(spooled),
    }


def count(profile: Path) -> float:
    """Counts, and returns the seconds from the command to the count."""
    settings = read(Profile, profile)
    with TemporaryDirectory() as folder:
        done = Path(folder, "done")
        begun = time.time()
        home = on_hdfs(settings.staging)
        needed = artifacts.of(settings, spark_home())
        list(artifacts.put(needed, home))
        launch = Launch(name="count", script=COUNT, run_file=Path("examples/reviews.toml"), out="")
        submitted = replace(command(settings, launch, needed, home), arguments=[INPUT, str(done)])
        _run(submitted.argv(), {**os.environ, **submitted.environment})
        return float(done.read_text(encoding="utf-8")) - begun


def _run(command: Sequence[str], environment: Mapping[str, str]) -> None:
    ended = subprocess.run(
        command, env=environment, capture_output=True, encoding="utf-8", timeout=LIMIT_SECONDS, check=False
    )
    if ended.returncode:
        raise RuntimeError(f"{command} has ended with {ended.returncode}:\n{ended.stdout}{ended.stderr}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=3)
    for found in start_times(parser.parse_args().repeat):
        print(json.dumps({name: round(value, 2) for name, value in found.items()}), flush=True)


if __name__ == "__main__":
    main()

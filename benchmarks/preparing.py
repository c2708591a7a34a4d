"""How fast each engine prepares the reviews on two cores; prints what each command took, and then its rate, as JSON.

python -m benchmarks.preparing [spark|flink|mapreduce|flink-on-yarn …] [--times 3]

An engine prepares the reviews once, and then as many times over: what the difference takes says how fast it is, and the
rest what it takes before the first row, from the command on. MapReduce and Flink on YARN have a Hadoop of their own on
this machine.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import storage
from cluster.yarn.uris import on_hdfs
from local_hadoop.local import down, up
from prepared.folder import read

REVIEWS = Path("build/reviews.jsonl")
CORES = 2
LIMIT_SECONDS = 280


@dataclass(frozen=True)
class Engine:
    """How an engine is launched."""

    profile: str
    placed: Callable[[str], str]
    """Returns the URI of a file or a folder by its path."""
    cluster: Callable[[], AbstractContextManager[None]] = nullcontext


@contextmanager
def hadoop() -> Iterator[None]:
    """HDFS, and YARN with two nodes that run MapReduce; HADOOP_CONF_DIR names them meanwhile."""
    with TemporaryDirectory() as folder:
        running = up(Path(folder, "hadoop"), nodes=2, mapreduce=True)
        os.environ["HADOOP_CONF_DIR"] = str(running.conf_dir)
        try:
            yield
        finally:
            del os.environ["HADOOP_CONF_DIR"]
            down(running.folder)


ENGINES = {
    "spark": Engine('master = "local"\nworkers = 2\ncores = 1\n', str),
    "flink": Engine('master = "local"\n[flink]\n"parallelism.default" = "2"\n', str),
    "mapreduce": Engine(f'master = "yarn"\nworkers = 2\npython = "{sys.executable}"\n', on_hdfs, hadoop),
    "flink-on-yarn": Engine('master = "yarn"\nworkers = 2\n', on_hdfs, hadoop),
}


def measured(name: str, times: int) -> str:
    """Prints the figures of an engine, and returns the hash of the larger corpus."""
    with TemporaryDirectory() as folder, ENGINES[name].cluster():
        rows, once, _ = prepared(name, Path(folder, "1"), 1)
        tell(name, {f"{rows} rows, s": once})
        more, several, found = prepared(name, Path(folder, str(times)), times)
    rate = (more - rows) / (several - once)
    tell(name, {f"{more} rows, s": several})
    tell(name, {"documents/s and core": rate / CORES, "before the first row, s": once - rows / rate})
    return found


def tell(name: str, figures: dict[str, float]) -> None:
    print(json.dumps({f"{name}: {what}": round(value, 1) for what, value in figures.items()}), flush=True)


def prepared(name: str, folder: Path, times: int) -> tuple[int, float, str]:
    """Prepares the reviews so many times over; returns the rows, the command's seconds, and the corpus's hash."""
    folder.mkdir()
    engine = ENGINES[name]
    profile = folder / "profile.toml"
    profile.write_text(engine.profile, encoding="utf-8")
    source, corpus, out = (engine.placed(str(folder / what)) for what in ("reviews.jsonl", "corpus", "out"))
    storage.make_folder(storage.parent(source))
    storage.write(source, REVIEWS.read_bytes() * times)
    program = str(Path(sys.executable).with_name("textcnn"))
    command = [program, "prepare", "examples/reviews.toml", "--engine", name.partition("-")[0]]
    command += ["--profile", str(profile)]
    command += ["--set", f"data.input={source}", "--output", corpus, "--out", out]
    begun = time.monotonic()
    ended = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=LIMIT_SECONDS, check=False)
    seconds = time.monotonic() - begun
    if ended.returncode:
        raise RuntimeError(f"{command} has ended with {ended.returncode}:\n{ended.stdout}{ended.stderr}")
    manifest = read(corpus).manifest
    return manifest.read, seconds, manifest.hash


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("engines", nargs="*", default=list(ENGINES), metavar="ENGINE", help=", ".join(ENGINES))
    parser.add_argument("--times", type=int, default=3, help="how many times over (default: 3)")
    options = parser.parse_args()
    hashes = {measured(name, options.times) for name in options.engines}
    assert len(hashes) == 1, f"the engines do not agree: {hashes}"


if __name__ == "__main__":
    main()

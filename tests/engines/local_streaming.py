"""Hadoop Streaming without Hadoop: a job's tasks in this process, sorted and dealt out between as Hadoop does."""

from collections import defaultdict
from collections.abc import Iterable
from itertools import islice
from zlib import crc32

import storage
from cluster.mapreduce.jobs import Ended, StreamingJob
from engines.mapreduce.tasks import PLAN, TASKS
from engines.plan import Plan


def run(job: StreamingJob) -> Ended:
    """Runs a job; every mapper's lines are combined in two shares, to see that a combiner may be run at any time."""
    plan = Plan.from_json(storage.read(next(f.removesuffix(f"#{PLAN}") for f in job.files if f.endswith(PLAN))))
    shares: dict[int, list[str]] = defaultdict(list)
    for line in storage.read(job.tasks).decode().splitlines():
        mapped = list(task(job.mapper, [line], plan))
        for half in (mapped[::2], mapped[1::2]):
            combined = task(job.combiner, ordered(half, job), plan) if job.combiner else half
            for out in combined:
                shares[crc32(out.partition("\t")[0].encode()) % job.reducers].append(out)
    storage.make_folder(job.output)
    for reducer in range(job.reducers):
        lines = task(job.reducer, ordered(shares[reducer], job), plan)
        storage.write(f"{job.output}/part-{reducer:05d}", "".join(f"{line}\n" for line in lines).encode())
    storage.write(f"{job.output}/_SUCCESS", b"")
    return Ended(True)


def task(arguments: Iterable[str], lines: Iterable[str], plan: Plan) -> Iterable[str]:
    _, _, name = islice(arguments, 3)
    return TASKS[name](lines, plan)


def ordered(lines: Iterable[str], job: StreamingJob) -> list[str]:
    """Lines in the byte order of their keys."""
    return sorted(lines, key=lambda line: "\t".join(line.split("\t")[: job.key_fields]).encode())

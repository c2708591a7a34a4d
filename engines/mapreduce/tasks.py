"""Mappers and reducers of Hadoop Streaming: lines come from standard input, and go to standard output.

Job 1 counts: its combiner is its reducer. Job 2 encodes: a reducer gets the documents of its parts in order and writes
each. Counters go to standard error, as Hadoop reads them there.
"""

import os
import sys
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from pathlib import Path

from engines import failures, passes
from engines.passes import Keyed
from engines.pieces import Piece
from engines.plan import Plan

PLAN = "plan.json"
"""The plan's name in a task's working directory."""
_ATTEMPT = "mapreduce_task_attempt_id"
"""The variable by which Hadoop Streaming names an attempt: its property, with underscores."""
GROUP = "textcnn"
"""The group of our counters."""

Lines = Iterable[str]


def main(arguments: list[str]) -> int:
    """Runs a task by its name; its error is told to Hadoop, and to those who started the job."""
    (name,) = arguments
    plan = Plan.from_json(Path(PLAN).read_bytes())
    lines = (line.decode().removesuffix("\n") for line in sys.stdin.buffer)
    with failures.told(plan.errors, os.environ.get(_ATTEMPT, name)):
        for line in TASKS[name](lines, plan):
            sys.stdout.buffer.write(f"{line}\n".encode())
        sys.stdout.buffer.flush()
    return 0


def map_counts(lines: Lines, plan: Plan) -> Iterator[str]:
    """Counts pieces."""
    for piece in map(Piece.from_json, lines):
        yield from map(_line, passes.counted(piece, plan, count))


def reduce_counts(lines: Lines, _: Plan) -> Iterator[str]:
    """Adds the counts of each key."""
    pairs = (_pair(line) for line in lines)
    for key, of_key in groupby(pairs, key=lambda pair: pair[0]):
        yield _line((key, passes.added(key, (value for _, value in of_key))))


def map_documents(lines: Lines, plan: Plan) -> Iterator[str]:
    """Encodes the documents of pieces."""
    encoder = passes.encoder(plan)
    for piece in map(Piece.from_json, lines):
        for part, digest, document in passes.encoded(piece, plan, encoder):
            # As text that sorts as numbers and bytes do.
            yield f"{part:05d}\t{digest.hex()}\t{b64encode(document).decode()}"


def reduce_documents(lines: Lines, plan: Plan) -> Iterator[str]:
    """Writes parts, and tells what each holds."""
    fields = (line.split("\t") for line in lines)
    for number, of_part in groupby(fields, key=lambda found: found[0]):
        part = passes.written(int(number), (b64decode(document) for _, _, document in of_part), plan)
        count("documents written", part.documents)
        yield part.to_json()


TASKS: dict[str, Callable[[Lines, Plan], Iterator[str]]] = {
    task.__name__: task for task in (map_counts, reduce_counts, map_documents, reduce_documents)
}


def count(what: str, number: int) -> None:
    """Adds to a counter of Hadoop's, which sees thereby that the task lives."""
    print(f"reporter:counter:{GROUP},{what},{number}", file=sys.stderr, flush=True)


def _line(pair: Keyed) -> str:
    return "\t".join(pair)


def _pair(line: str) -> Keyed:
    key, _, value = line.partition("\t")
    return key, value


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

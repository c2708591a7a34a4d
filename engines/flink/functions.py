"""What Flink's Python processes run; each function loads there what it needs, once."""

import uuid
from collections.abc import Iterator
from zlib import crc32

import pandas as pd
from pyflink.common import Row
from pyflink.datastream import FlatMapFunction, RuntimeContext

import storage
from engines import failures, passes
from engines.pieces import Piece
from engines.plan import Plan
from prepared.documents import Encoder

LINES_OF_ROW = 4_096
"""Of keys and their counts, at most: some hundred kilobytes."""


class CountPieces(FlatMapFunction):
    """The first pass: pieces become rows of a bucket and lines with the counts of keys that lie in it."""

    def __init__(self, plan: bytes, buckets: int, begun: str):
        """Takes the plan as it travels, how many buckets there are, and where to say that it has begun, a folder."""
        self._bytes = plan
        self._buckets = buckets
        self._begun = begun

    def open(self, _: RuntimeContext) -> None:
        """Reads the plan."""
        _tell(self._begun)
        self._plan = Plan.from_json(self._bytes)

    def flat_map(self, value: str) -> Iterator[Row]:
        """Counts a piece. A row for each key would take longer than counting."""
        piece = Piece.from_json(value)
        with failures.told(self._plan.errors, _name("counts", piece)):
            lines: dict[int, list[str]] = {}
            for pair in passes.counted(piece, self._plan, lambda *_: None):
                bucket = crc32(pair[0].encode()) % self._buckets
                of_bucket = lines.setdefault(bucket, [])
                of_bucket.append("\t".join(pair))
                if len(of_bucket) == LINES_OF_ROW:
                    yield Row(bucket, "\n".join(lines.pop(bucket)))
            yield from (Row(bucket, "\n".join(of_bucket)) for bucket, of_bucket in lines.items())


class AddCounts:
    """Adds the counts of a bucket, which come all at once, in any order."""

    def __init__(self, plan: bytes, sums: str):
        """Takes the plan as it travels, and the URI of the folder that the sums go to."""
        self._bytes = plan
        self._sums = sums

    def __call__(self, buckets: pd.Series, counts: pd.Series) -> str:
        """Writes a file of keys and sums, and returns its URI."""
        plan, bucket = Plan.from_json(self._bytes), int(buckets.iloc[0])
        with failures.told(plan.errors, f"sums-{bucket:05d}"):
            of_keys: dict[str, list[str]] = {}
            for lines in counts:
                for line in lines.split("\n"):
                    key, _, value = line.partition("\t")
                    of_keys.setdefault(key, []).append(value)
            sums = "".join(f"{key}\t{passes.added(key, values)}\n" for key, values in of_keys.items())
            uri = storage.join(self._sums, f"{bucket:05d}")
            storage.write(uri, sums.encode())
            return uri


class EncodePieces(FlatMapFunction):
    """The second pass: pieces become rows of part, digest and document."""

    def __init__(self, plan: bytes, begun: str):
        """Takes the plan as it travels, and where to say that it has begun, a folder."""
        self._bytes = plan
        self._begun = begun

    def open(self, _: RuntimeContext) -> None:
        """Reads plan and vocabularies."""
        _tell(self._begun)
        self._plan = Plan.from_json(self._bytes)
        self._encoder: Encoder = passes.encoder(self._plan)

    def flat_map(self, value: str) -> Iterator[Row]:
        """Encodes the documents of a piece."""
        piece = Piece.from_json(value)
        with failures.told(self._plan.errors, _name("documents", piece)):
            for part, digest, document in passes.encoded(piece, self._plan, self._encoder):
                yield Row(part, digest, document)


class WritePart:
    """Writes a part, whose documents come all at once, in any order."""

    def __init__(self, plan: bytes):
        """Takes the plan as it travels."""
        self._bytes = plan

    def __call__(self, parts: pd.Series, digests: pd.Series, documents: pd.Series) -> str:
        """Returns what the part holds."""
        plan, number = Plan.from_json(self._bytes), int(parts.iloc[0])
        with failures.told(plan.errors, f"part-{number:05d}"):
            ordered = sorted(zip(digests, documents, strict=True))
            return passes.written(number, (document for _, document in ordered), plan).to_json()


def _tell(begun: str) -> None:
    storage.make_folder(storage.join(begun, uuid.uuid4().hex))  # sooner done on HDFS than a file is


def _name(what: str, piece: Piece) -> str:
    return f"{what}-of-{piece.uri.replace('/', '_').replace(':', '_')}-from-{piece.start}"

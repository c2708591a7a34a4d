"""What Flink's Python processes run; each function loads there what it needs, once."""

from collections.abc import Iterator

import pandas as pd
from pyflink.common import Row
from pyflink.datastream import FlatMapFunction, RuntimeContext

from engines import failures, passes
from engines.pieces import Piece
from engines.plan import Plan
from prepared.documents import Encoder


class CountPieces(FlatMapFunction):
    """The first pass: pieces become rows of key, label and count; the tally of a piece is the label of its key."""

    def __init__(self, plan: bytes):
        """Takes the plan as it travels."""
        self._bytes = plan

    def open(self, _: RuntimeContext) -> None:
        """Reads the plan."""
        self._plan = Plan.from_json(self._bytes)

    def flat_map(self, value: str) -> Iterator[Row]:
        """Counts a piece."""
        piece = Piece.from_json(value)
        with failures.told(self._plan.errors, _name("counts", piece)):
            for key, of_key in passes.counted(piece, self._plan, lambda *_: None):
                if key == passes.TALLY:
                    yield Row(key, of_key, 1)
                else:
                    _, _, of_labels = passes.count_of(key, of_key)
                    yield from (Row(key, label, count) for label, count in of_labels.items())


class EncodePieces(FlatMapFunction):
    """The second pass: pieces become rows of part, digest and document."""

    def __init__(self, plan: bytes):
        """Takes the plan as it travels."""
        self._bytes = plan

    def open(self, _: RuntimeContext) -> None:
        """Reads plan and vocabularies."""
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


def _name(what: str, piece: Piece) -> str:
    return f"{what}-of-{piece.uri.replace('/', '_').replace(':', '_')}-from-{piece.start}"

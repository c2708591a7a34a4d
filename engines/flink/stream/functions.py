"""What Flink's Python worker runs on the lines of a stream."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from pyflink.table import DataTypes, FunctionContext
from pyflink.table.udf import ScalarFunction

from engines.flink.stream.request import StreamRequest
from engines.flink.stream.rows import classified
from engines.flink.stream.scorer import Scorer

ENCODING = "iso-8859-1"
"""As what Flink reads lines: every byte is a character, and none is replaced before it is seen here."""

OUTCOMES = DataTypes.ROW(
    [
        DataTypes.FIELD("line", DataTypes.STRING()),
        DataTypes.FIELD("label", DataTypes.STRING()),
        DataTypes.FIELD("milliseconds", DataTypes.BIGINT()),
    ]
)


class Classify(ScalarFunction):
    """Lines become outcomes, a batch at a time."""

    def __init__(self, request: bytes, log: str):
        """Takes the request as it travels, and the file that is told which versions answer."""
        self._bytes = request
        self._log = log

    def open(self, _: FunctionContext) -> None:
        """Starts the process that has the model."""
        self._request = StreamRequest.from_json(self._bytes)
        self._scorer = Scorer(self._request.python, self._request.model, Path(self._log))

    def close(self) -> None:
        """Ends it."""
        self._scorer.close()

    def eval(self, lines: pd.DataFrame) -> pd.DataFrame:
        """Classifies a batch."""
        found = classified(_bytes(lines.iloc[:, 0]), self._request.source, self._scorer.score)
        return pd.DataFrame(found, columns=OUTCOMES.names)


def _bytes(lines: Sequence[str]) -> list[bytes]:
    return [line.encode(ENCODING) for line in lines]

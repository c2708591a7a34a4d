"""What stream is to be classified, as one process tells the other, and as the output remembers it."""

from dataclasses import dataclass
from typing import Literal

from pydantic import TypeAdapter

StreamFormat = Literal["jsonl", "text"]

JARS = "pipeline.jars"
"""Flink's property for what a job needs beside Flink's own jars."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """What is read, and what becomes of it: this stays the same as long as an output is gone on with."""

    input: str
    """As `place_of` takes it: a folder, a socket or a topic."""
    format: StreamFormat
    text_column: str
    time_column: str | None
    """Of the time that a row counts for; without it nothing is counted."""
    window_seconds: int
    lateness_seconds: int
    """By how much a row may be older than one before it and still count."""
    once: bool
    """Whether the stream ends: with the files or the records that are there, or with the connection."""


@dataclass(frozen=True, kw_only=True)
class StreamRequest:
    """A stream."""

    source: Source
    model: str
    """A version, or a folder whose newest version is taken, always."""
    output: str
    """The folder."""
    python: str
    """That loads the model: the Python of the environment that has TensorFlow."""
    checkpoint_seconds: int
    properties: dict[str, str]
    """Flink's."""

    def to_json(self) -> bytes:
        """Returns the file."""
        return TypeAdapter(StreamRequest).dump_json(self)

    @classmethod
    def from_json(cls, data: bytes) -> "StreamRequest":
        """Reads what `to_json` wrote."""
        return TypeAdapter(StreamRequest).validate_json(data)

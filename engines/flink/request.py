"""What is to be prepared by Flink, as one process tells the other."""

from dataclasses import dataclass

from pydantic import TypeAdapter

from run.config import RunConfig


@dataclass(frozen=True, kw_only=True)
class Request:
    """A preparation."""

    config: RunConfig
    output: str
    """The folder of the corpus."""
    out: str
    """The folder of the records."""
    properties: dict[str, str]
    """Flink's."""
    pieces: int
    """In how many pieces, at least, the input is read."""
    start_timeout_s: int
    """Seconds in which a task of each job has to begin."""

    def to_json(self) -> bytes:
        """Returns the file."""
        return TypeAdapter(Request).dump_json(self)

    @classmethod
    def from_json(cls, data: bytes) -> "Request":
        """Reads what `to_json` wrote."""
        return TypeAdapter(Request).validate_json(data)

"""What the tasks of an engine have to know, as a file that travels to them."""

import io
from dataclasses import dataclass
from typing import Self

from pydantic import TypeAdapter

import storage
from run.config import RunConfig
from text.segmenter import Segmenter


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A preparation as its tasks see it."""

    config: RunConfig
    user_dictionary: tuple[str, ...] = ()
    stop_words: tuple[str, ...] = ()
    corpus: str = ""
    """The URI that the corpus is written to for the time being."""
    parts: int = 0
    """Of the corpus; not known before the documents are counted."""
    errors: str = ""
    """The URI of a folder for what tasks that fail have to say."""

    @classmethod
    def of(cls, config: RunConfig, corpus: str, errors: str) -> Self:
        """Reads the word lists that a run file names.

        Raises:
            StorageError: one cannot be read.
            SegmenterError: a line of the user dictionary is not of its form.
        """
        text = config.text
        plan = cls(
            config=config,
            user_dictionary=_lines(text.user_dictionary),
            stop_words=_lines(text.stop_words),
            corpus=corpus,
            errors=errors,
        )
        plan.segmenter()
        return plan

    def segmenter(self) -> Segmenter:
        """Returns what segments the texts."""
        return Segmenter(self.user_dictionary, frozenset(self.stop_words))

    def to_json(self) -> bytes:
        """Returns the file."""
        return TypeAdapter(Plan).dump_json(self)

    @classmethod
    def from_json(cls, data: bytes) -> "Plan":
        """Reads what `to_json` wrote."""
        return TypeAdapter(Plan).validate_json(data)


def _lines(uri: str | None) -> tuple[str, ...]:
    if uri is None:
        return ()
    # With the ends of lines that Spark knows, which are fewer than those of str.splitlines.
    lines = io.StringIO(storage.read(uri).decode(errors="replace"), newline=None)
    return tuple(line.strip() for line in lines if line.strip())

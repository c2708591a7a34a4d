"""The manifest of a prepared corpus: what it holds, by content, and one hash over all of that."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from prepared.parts import Part
from run.config import RunConfig, View
from run.errors import SettingsError
from run.splits import Split
from text.counts import Counts
from text.errors import DataError
from text.language import Language
from text.segmenter import Segmenter

MANIFEST = "manifest.json"
VERSION = 1
OWN_INPUT = "an input of its own"


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a corpus holds. Equal hashes are equal corpora, whoever has made them."""

    settings: Mapping[str, Any]
    """Keys of the run file that decide the content, as `settings_of` returns them."""
    read: int
    documents: Mapping[Split, int]
    rejected: Mapping[str, int]
    """Rows that cannot be used, by reason."""
    labels: Sequence[str]
    checksum: int
    """Of the documents, whatever their order: the sum of their parts'."""
    files: Mapping[str, str]
    """SHA-256 of what each file but the parts holds."""
    parts: Sequence[Part]
    made: Mapping[str, str] = field(default_factory=dict)
    """By what, of what, with which versions: what the hash leaves out."""

    @property
    def hash(self) -> str:
        """The SHA-256 of everything but `made`, as JSON without white space, its keys in order."""
        text = json.dumps(self._content(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return sha256(text.encode()).hexdigest()

    @property
    def views(self) -> tuple[View, ...]:
        """The views of the documents in order."""
        return tuple(self.settings["text.views"])

    @property
    def counts(self) -> Counts:
        """The rows, counted."""
        return Counts(
            self.read, dict(self.documents), tuple(self.labels), dict(self.rejected), self.checksum, unlabelled=None
        )

    def to_json(self) -> str:
        """Returns the file."""
        return (
            json.dumps({"hash": self.hash, **self._content(), "made": self.made}, ensure_ascii=False, indent=2) + "\n"
        )

    @classmethod
    def from_json(cls, data: bytes, uri: str) -> "Manifest":
        """Reads what `to_json` wrote.

        Raises:
            DataError: it is no manifest of this version, or is not as it was written.
        """
        try:
            values: dict[str, Any] = json.loads(data)
            version, expected, rows = values["version"], values["hash"], values["rows"]
            if version != VERSION:
                raise DataError(
                    f"{uri} is of version {version!r}, and this program reads {VERSION}. Prepare the corpus again."
                )
            manifest = cls(
                settings=values["settings"],
                read=rows["read"],
                documents=rows["documents"],
                rejected=rows["rejected"],
                labels=values["labels"],
                checksum=int(values["checksum"], 16),
                files=values["files"],
                parts=[Part(p["number"], p["documents"], p["sha256"]) for p in values["parts"]],
                made=values["made"],
            )
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise DataError(f"{uri} is not the manifest of a prepared corpus: {error!r}") from error
        if manifest.hash != expected:
            raise DataError(f"{uri} is not as it was written: its hash is {manifest.hash}. Prepare the corpus again.")
        return manifest

    def _content(self) -> dict[str, Any]:
        return {
            "version": VERSION,
            "settings": dict(self.settings),
            "rows": {"read": self.read, "documents": dict(self.documents), "rejected": dict(self.rejected)},
            "labels": list(self.labels),
            "checksum": f"{self.checksum:016x}",
            "files": dict(self.files),
            "parts": [
                {"number": p.number, "name": p.name, "documents": p.documents, "sha256": p.sha256} for p in self.parts
            ],
        }


def settings_of(config: RunConfig) -> dict[str, Any]:
    """Returns the keys of a run file that decide what a corpus holds; word lists are in its files."""
    text, data = config.text, config.data
    return {
        "text.views": list(text.views),
        "text.vocabulary_size": text.vocabulary_size,
        "text.min_count": text.min_count,
        "text.max_length": text.max_length,
        "data.validation_fraction": OWN_INPUT if data.validation else data.validation_fraction,
        "data.test_fraction": OWN_INPUT if data.test else data.test_fraction,
    }


def check_agrees(manifest: Manifest, language: Language, config: RunConfig, segmenter: Segmenter, uri: str) -> None:
    """Makes sure that a run file asks for nothing but what a corpus holds.

    Args:
        manifest: of the corpus.
        language: of the corpus.
        config: the run file.
        segmenter: with the word lists that the run file names.
        uri: of the corpus.

    Raises:
        SettingsError: something differs; with its name, what it was and what it is.
    """
    differing = [
        f"{name} was {json.dumps(manifest.settings.get(name))} and is {json.dumps(value)}"
        for name, value in settings_of(config).items()
        if manifest.settings.get(name) != value
    ]
    was = language.segmenter
    for name, before, now in (
        ("text.user_dictionary", was.user_dictionary, segmenter.user_dictionary),
        ("text.stop_words", was.stop_words, segmenter.stop_words),
    ):
        if before != now:
            differing.append(f"{name} had {_words(before)} and has {_words(now)}")
    if differing:
        raise SettingsError(
            f"The corpus in {uri} was prepared otherwise than the run file says: {'; '.join(differing)}.",
            "Give all as it was, or prepare a corpus with this run file.",
        )


def _words(lines: Sequence[str] | frozenset[str]) -> str:
    """Tells word lists apart that have as many words."""
    digest = sha256("\n".join(sorted(lines)).encode()).hexdigest()[:8]
    return f"{len(lines)} words (SHA-256 {digest}…)" if lines else "none"

"""The second pass: encoded documents as bytes, which say in which part each lies, and where in it."""

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from run.config import View
from run.splits import SPLITS, Split
from text.blocks import Ids
from text.language import Language
from text.preparation import TokenizedDocument

DOCUMENTS_OF_PART = 1 << 14
"""About so many documents lie in a part."""
DIGEST_BYTES = 16
_LENGTH = struct.Struct("<I")


@dataclass(frozen=True, eq=False)
class EncodedDocument:
    """A document as a prepared corpus has it."""

    split: Split
    label: str
    ids: Mapping[View, Ids]
    """Token ids of each view, in the order of the corpus's views."""

    def to_bytes(self) -> bytes:
        """Returns the canonical bytes.

        They are, little-endian: the split's number in `SPLITS` (a byte), the label's length in bytes (uint32) and its
        UTF-8, then the number of each view's ids (uint32) with the ids (int32 each).
        """
        label = self.label.encode()
        fields = [bytes([SPLITS.index(self.split)]), _LENGTH.pack(len(label)), label]
        for ids in self.ids.values():
            fields += [_LENGTH.pack(len(ids)), np.asarray(ids, "<i4").tobytes()]
        return b"".join(fields)

    @classmethod
    def from_bytes(cls, data: bytes, views: Sequence[View]) -> "EncodedDocument":
        """Reads what `to_bytes` wrote; the ids are views of `data`."""
        at = 1 + _LENGTH.size
        (size,) = _LENGTH.unpack_from(data, 1)
        label, at = data[at : at + size].decode(), at + size
        of_views: dict[View, Ids] = {}
        for view in views:
            (count,) = _LENGTH.unpack_from(data, at)
            of_views[view] = np.frombuffer(data, "<i4", count, at + _LENGTH.size)
            at += _LENGTH.size + 4 * count
        return cls(SPLITS[data[0]], label, of_views)


def digest(document: bytes) -> bytes:
    """Returns what decides the place of a document's canonical bytes: equal ones may lie in any order."""
    return blake2b(document, digest_size=DIGEST_BYTES).digest()


def parts_of(documents: int) -> int:
    """Returns the number of parts of a corpus of so many documents."""
    return max(1, -(-documents // DOCUMENTS_OF_PART))


def part_of(digest: bytes, parts: int) -> int:
    """Returns the part that a document with a digest lies in."""
    return int.from_bytes(digest[:8], "big") % parts


@dataclass(frozen=True)
class Encoder:
    """Encodes documents and tells the part of each; travels to wherever they are."""

    language: Language
    parts: int

    def encode(self, documents: Iterable[TokenizedDocument]) -> Iterator[tuple[int, bytes, bytes]]:
        """Encodes documents; see `placed` for what it yields."""
        vocabularies = self.language.vocabularies
        return self.placed(
            EncodedDocument(
                d.split, d.label, {view: known.encode(d.tokens[view]) for view, known in vocabularies.items()}
            )
            for d in documents
        )

    def placed(self, documents: Iterable[EncodedDocument]) -> Iterator[tuple[int, bytes, bytes]]:
        """Yields part, digest and canonical bytes of each document whose label training has seen."""
        labels = self.language.classes
        for document in documents:
            if document.label in labels:
                encoded = document.to_bytes()
                place = digest(encoded)
                yield part_of(place, self.parts), place, encoded

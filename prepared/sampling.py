"""Samples that are the same in whatever pieces and order their entries come: those whose hashes are smallest."""

import json
from bisect import insort
from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b

from text.golden import LONGEST, mixes_scripts
from text.records import Document

OF_EACH_LABEL = 1
"""Golden texts that each label is sure of."""
MIXED = 16
"""Golden texts that mix scripts."""
OF_ALL = 112

Entry = tuple[str, ...]
Hashed = tuple[bytes, Entry]


class Sample:
    """Keeps a few distinct entries of each group; adding, in any order, is associative and idempotent.

    Source: A. Broder, On the resemblance and containment of documents, 1997 (the bottom-k sketch).
    """

    def __init__(self, limit: int, groups: Mapping[str, Iterable[Iterable[str]]] | None = None):
        """Keeps so many entries of each group; begins with what `groups` has given."""
        self.limit = limit
        self._kept: dict[str, list[Hashed]] = {}
        for group, entries in (groups or {}).items():
            for entry in entries:
                self.add(group, tuple(entry))

    def add(self, group: str, entry: Entry) -> bool:
        """Adds an entry, and tells whether it is among the few so far."""
        return self.offer(group, hashed(entry))

    def offer(self, group: str, item: Hashed) -> bool:
        """As `add`, of an entry that is hashed already."""
        kept = self._kept.setdefault(group, [])
        if len(kept) == self.limit and item > kept[-1]:
            return False
        if item not in kept:
            insort(kept, item)
            del kept[self.limit :]
        return True

    def update(self, other: "Sample") -> None:
        """Adds the entries of another sample."""
        for group, entries in other.groups().items():
            for entry in entries:
                self.add(group, entry)

    def groups(self) -> dict[str, list[Entry]]:
        """Returns what is kept, groups and entries in an order that depends on nothing else."""
        return {group: [entry for _, entry in kept] for group, kept in sorted(self._kept.items())}


class GoldenSample:
    """Texts of which a model's golden examples are chosen: of every label, of mixed scripts, and any."""

    def __init__(self, groups: Mapping[str, Mapping[str, Iterable[Iterable[str]]]] | None = None):
        """Begins with what `groups` has given."""
        groups = groups or {}
        self._samples = {
            name: Sample(limit, groups.get(name))
            for name, limit in (("label", OF_EACH_LABEL), ("mixed", MIXED), ("all", OF_ALL))
        }

    def is_one(self, text: str, label: str) -> bool:
        """Adds a text, and tells whether it is among the candidates so far."""
        if len(text) > LONGEST:
            return False
        item = hashed((text, label))
        kept = self._samples["label"].offer(label, item)
        if mixes_scripts(text):
            kept |= self._samples["mixed"].offer("", item)
        return self._samples["all"].offer("", item) or kept

    def update(self, other: "GoldenSample") -> None:
        """Adds the texts of another sample."""
        for name, sample in self._samples.items():
            sample.update(other._samples[name])

    def groups(self) -> dict[str, dict[str, list[Entry]]]:
        """Returns what is kept."""
        return {name: sample.groups() for name, sample in self._samples.items()}

    def documents(self) -> Iterator[Document]:
        """Yields the candidates, each once, in code point order."""
        kept = (entries for groups in self.groups().values() for entries in groups.values())
        yield from (Document(text, label) for text, label in sorted({entry for entries in kept for entry in entries}))


def hashed(entry: Entry) -> Hashed:
    """Returns an entry with the hash that it is chosen by."""
    return blake2b(json.dumps(entry, ensure_ascii=False).encode(), digest_size=8).digest(), entry

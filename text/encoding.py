"""Encodes tokenized documents into blocks."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import count, islice

import numpy as np

from run.config import View
from run.splits import SPLITS, Split
from text.blocks import Block, Columns, Encoded
from text.language import Language
from text.preparation import TokenizedDocument

BLOCK_DOCUMENTS = 512
BLOCK_TOKENS = 128 * BLOCK_DOCUMENTS
"""A block is full with the one or the other: some hundred kilobytes, however long the documents are."""


def encode(documents: Iterable[TokenizedDocument], partition: int, language: Language) -> Iterator[Block]:
    """Yields blocks of the documents, each of one split, as soon as one is full.

    Args:
        documents: of one partition of the input.
        partition: the partition's number; with the number of a block it is the block's name.
        language: token ids of each view, and the class of each label.
    """
    vocabularies, classes = language.vocabularies, language.classes

    def encoded(document: TokenizedDocument) -> tuple[Split, Encoded]:
        ids = {view: vocabulary.encode(document.tokens[view]) for view, vocabulary in vocabularies.items()}
        return document.split, (ids, classes[document.label])

    return in_blocks(by_column(map(encoded, documents), tuple(vocabularies)), partition)


def by_column(documents: Iterable[tuple[Split, Encoded]], views: Sequence[View]) -> Iterator[tuple[Split, Columns]]:
    """Yields columns of encoded documents that come one by one, each of one split."""
    rest = iter(documents)
    while some := list(islice(rest, BLOCK_DOCUMENTS)):
        for split in SPLITS:
            if of_split := [document for of, document in some if of == split]:
                yield split, Columns.of(of_split, views)


def in_blocks(documents: Iterable[tuple[Split, Columns]], partition: int) -> Iterator[Block]:
    """Yields blocks of encoded documents, as `encode` does."""
    waiting, sequence = {split: _Waiting() for split in SPLITS}, count()
    for split, columns in documents:
        for full in waiting[split].add(columns):
            yield Block(split, partition, next(sequence), full.labels, full.views)
    for split, rest in ((split, waiting[split].rest()) for split in SPLITS):
        if rest is not None:
            yield Block(split, partition, next(sequence), rest.labels, rest.views)


class _Waiting:
    """Documents of a split that do not fill a block yet."""

    def __init__(self) -> None:
        self._parts: list[Columns] = []
        self._documents = self._tokens = 0

    def add(self, columns: Columns) -> Iterator[Columns]:
        """Adds documents, and yields what fills a block."""
        ends, start = columns.ends(), 0
        while (end := self._full(ends, start)) <= len(columns):
            self._keep(columns.rows(start, end))
            yield self._taken()
            start = end
        self._keep(columns.rows(start, len(columns)))

    def rest(self) -> Columns | None:
        """Returns what does not fill one, if there is anything."""
        return self._taken() if self._documents else None

    def _full(self, ends: np.ndarray, start: int) -> int:
        """How many of the documents are before the end of the next block; more than there are, if it is not there.

        Args:
            ends: tokens of each document and those before, int64 [documents].
            start: how many of the documents are in blocks.
        """
        before = ends[start - 1] if start else 0
        with_tokens = int(np.searchsorted(ends, before + BLOCK_TOKENS - self._tokens)) + 1
        return min(with_tokens, start + BLOCK_DOCUMENTS - self._documents)

    def _keep(self, columns: Columns) -> None:
        self._parts.append(columns)
        self._documents += len(columns)
        self._tokens += columns.tokens

    def _taken(self) -> Columns:
        parts, self._parts, self._documents, self._tokens = self._parts, [], 0, 0
        return Columns.joined(parts)

"""Encodes tokenized documents into blocks."""

from collections.abc import Iterable, Iterator, Sequence

from run.config import View
from run.splits import SPLITS, Split
from text.blocks import Block, Encoded
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

    yield from in_blocks(map(encoded, documents), partition, tuple(vocabularies))


def in_blocks(documents: Iterable[tuple[Split, Encoded]], partition: int, views: Sequence[View]) -> Iterator[Block]:
    """Yields blocks of encoded documents, as `encode` does."""
    waiting: dict[Split, list[Encoded]] = {split: [] for split in SPLITS}
    tokens: dict[Split, int] = dict.fromkeys(SPLITS, 0)
    sequence = 0
    for split, document in documents:
        waiting[split].append(document)
        tokens[split] += sum(map(len, document[0].values()))
        if len(waiting[split]) == BLOCK_DOCUMENTS or tokens[split] >= BLOCK_TOKENS:
            yield Block.of(split, partition, sequence, views, waiting[split])
            waiting[split], tokens[split], sequence = [], 0, sequence + 1
    for split in SPLITS:
        if waiting[split]:
            yield Block.of(split, partition, sequence, views, waiting[split])
            sequence += 1

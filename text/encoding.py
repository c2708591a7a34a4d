"""Encodes tokenized documents into blocks."""

from collections.abc import Iterable, Iterator

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
    views, classes = tuple(language.vocabularies), language.classes
    waiting: dict[Split, list[Encoded]] = {split: [] for split in SPLITS}
    tokens: dict[Split, int] = dict.fromkeys(SPLITS, 0)
    sequence = 0
    for document in documents:
        split = document.split
        ids = {view: language.vocabularies[view].encode(document.tokens[view]) for view in views}
        waiting[split].append((ids, classes[document.label]))
        tokens[split] += sum(map(len, ids.values()))
        if len(waiting[split]) == BLOCK_DOCUMENTS or tokens[split] >= BLOCK_TOKENS:
            yield Block.of(split, partition, sequence, views, waiting[split])
            waiting[split], tokens[split], sequence = [], 0, sequence + 1
    for split in SPLITS:
        if waiting[split]:
            yield Block.of(split, partition, sequence, views, waiting[split])
            sequence += 1

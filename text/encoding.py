"""Encodes tokenized documents into blocks."""

from collections.abc import Iterable, Iterator, Mapping

from run.splits import SPLITS, Split
from text.blocks import Block
from text.preparation import TokenizedDocument
from text.vocabulary import Vocabulary

BLOCK_DOCUMENTS = 512
BLOCK_TOKENS = 128 * BLOCK_DOCUMENTS
"""A block is full with the one or the other: some hundred kilobytes, however long the documents are."""


def encode(
    documents: Iterable[TokenizedDocument], partition: int, vocabulary: Vocabulary, classes: Mapping[str, int]
) -> Iterator[Block]:
    """Yields blocks of the documents, each of one split, as soon as one is full.

    Args:
        documents: of one partition of the input.
        partition: the partition's number; with the number of a block it is the block's name.
        vocabulary: token ids.
        classes: the class of each label.
    """
    waiting: dict[Split, list[tuple[list[int], int]]] = {split: [] for split in SPLITS}
    tokens: dict[Split, int] = dict.fromkeys(SPLITS, 0)
    sequence = 0
    for document in documents:
        split = document.split
        waiting[split].append((vocabulary.encode(document.tokens), classes[document.label]))
        tokens[split] += len(document.tokens)
        if len(waiting[split]) == BLOCK_DOCUMENTS or tokens[split] >= BLOCK_TOKENS:
            yield Block.of(split, partition, sequence, waiting[split])
            waiting[split], tokens[split], sequence = [], 0, sequence + 1
    for split in SPLITS:
        if waiting[split]:
            yield Block.of(split, partition, sequence, waiting[split])
            sequence += 1

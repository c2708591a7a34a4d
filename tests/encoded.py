"""Encoded documents of one view, which are all that many tests need."""

from collections.abc import Sequence

from run.splits import Split
from text.blocks import Block
from text.language import Language
from text.segmenter import Segmenter
from text.vocabulary import Vocabulary


def word_block(split: Split, partition: int, sequence: int, documents: Sequence[tuple[list[int], int]]) -> Block:
    """A block of (token ids, class) pairs."""
    return Block.of(split, partition, sequence, ("word",), [({"word": ids}, label) for ids, label in documents])


def word_language(tokens: Sequence[str], labels: Sequence[str]) -> Language:
    """Tokens and labels in the order of their ids."""
    return Language(Segmenter(), {"word": Vocabulary(tuple(tokens))}, tuple(labels))

"""The reviews as a spool in this process, for measurements without Spark."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from run.config import TextConfig
from run.splits import SPLITS, Split
from text.blocks import Block
from text.segmenter import Segmenter
from text.vocabulary import Vocabulary
from trainer.spool import Spool

FILE = Path("build/reviews.jsonl")
BLOCK_DOCUMENTS = 512


@dataclass(frozen=True)
class Reviews:
    """Encoded reviews, spooled."""

    spool: Spool
    vocabulary: Vocabulary
    classes: int


def rows() -> list[tuple[str, str]]:
    """Returns text and label of every review."""
    parsed = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
    return [(row["text"], row["label"]) for row in parsed]


def spooled(folder: Path, split: Callable[[int, str], Split], text: TextConfig | None = None) -> Reviews:
    """Segments, counts, encodes and spools all reviews.

    Args:
        folder: where the spool is made.
        split: the split of the review with a number and a text.
        text: how documents become ids.
    """
    text = text or TextConfig()
    segmenter = Segmenter()
    documents = [
        (split(number, review), label, segmenter.tokens(review)[: text.max_length])
        for number, (review, label) in enumerate(rows())
    ]
    counts = Counter(token for part, _, tokens in documents if part == "train" for token in tokens)
    vocabulary = Vocabulary.of_counts(counts, text.vocabulary_size, text.min_count)
    labels = sorted({label for _, label, _ in documents})
    spool = Spool(folder)
    for number, part in enumerate(SPLITS):
        encoded = [(vocabulary.encode(tokens), labels.index(label)) for s, label, tokens in documents if s == part]
        for start in range(0, len(encoded), BLOCK_DOCUMENTS):
            block = Block.of(part, number, start, encoded[start : start + BLOCK_DOCUMENTS])
            spool.add(block.to_bytes())
    return Reviews(spool, vocabulary, len(labels))

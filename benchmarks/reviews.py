"""The reviews as a spool in this process, for measurements without Spark."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from run.config import TextConfig
from run.splits import Split
from text.encoding import encode
from text.preparation import Preparation, token_counts
from text.segmenter import Segmenter
from text.vocabulary import Vocabulary
from trainer.spool import Spool

FILE = Path("build/reviews.jsonl")


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


def spooled(folder: Path, split: Callable[[int, str], Split]) -> Reviews:
    """Segments, counts, encodes and spools all reviews.

    Args:
        folder: where the spool is made.
        split: the split of the review with a number and a text.
    """
    text = TextConfig()
    preparation = Preparation.of(text, Segmenter(), split_of=lambda _: "train")
    documents = [
        replace(preparation.document((review.encode(), label.encode())), split=split(number, review))
        for number, (review, label) in enumerate(rows())
    ]
    counts = token_counts(document.tokens for document in documents if document.split == "train")
    vocabulary = Vocabulary.of_counts(counts, text.vocabulary_size, text.min_count)
    classes = {label: i for i, label in enumerate(sorted({document.label for document in documents}))}
    spool = Spool(folder)
    for block in encode(documents, 0, vocabulary, classes):
        spool.add(block.to_bytes())
    return Reviews(spool, vocabulary, len(classes))

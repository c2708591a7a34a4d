"""The reviews as a spool in this process, for measurements without Spark."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from run.config import ModelConfig, TextConfig, View
from run.splits import Split
from text.encoding import encode
from text.language import Language
from text.preparation import Preparation, TokenizedDocument, token_counts
from text.records import split_of
from text.segmenter import Segmenter
from text.vocabulary import Vocabulary
from trainer.spool import Spool

FILE = Path("build/reviews.jsonl")
VIEWS: tuple[View, ...] = ("word",)
MODEL = ModelConfig(networks=("textcnn",), widths=(3, 4, 5))
BATCH = 256
"""What is measured: Kim's TextCNN over words, in sizes that others have been measured with too."""
PLAIN = replace(MODEL, embedding_dropout=0.0, token_dropout=0.0)
"""The same one with the only dropout that Kim's has."""


@dataclass(frozen=True)
class Reviews:
    """Encoded reviews, spooled."""

    spool: Spool
    language: Language


def rows(file: Path = FILE) -> list[tuple[str, str]]:
    """Returns text and label of every review."""
    parsed = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return [(row["text"], row["label"]) for row in parsed]


def by_text(_: int, text: str) -> Split:
    """The split of the main job."""
    return split_of(text, 0.1, 0.1)


def language(text: TextConfig, segmenter: Segmenter, documents: Sequence[TokenizedDocument]) -> Language:
    """Counts the training documents, as a run does."""
    training = [document for document in documents if document.split == "train"]
    vocabularies = {
        view: Vocabulary.of_counts(token_counts(d.tokens[view] for d in training), text.vocabulary_size, text.min_count)
        for view in text.views
    }
    return Language(segmenter, vocabularies, tuple(sorted({document.label for document in training})))


def spooled(
    folder: Path, split: Callable[[int, str], Split], views: Sequence[View] = VIEWS, file: Path = FILE
) -> Reviews:
    """Segments, counts, encodes and spools all reviews.

    Args:
        folder: where the spool is made.
        split: the split of the review with a number and a text.
        views: what of the texts the model sees.
        file: where the reviews are.
    """
    text = TextConfig(views=tuple(views))
    preparation = Preparation.of(text, Segmenter(), split_of=lambda _: "train")
    documents = [
        preparation.document((review.encode(), label.encode()))._replace(split=split(number, review))
        for number, (review, label) in enumerate(rows(file))
    ]
    known = language(text, preparation.segmenter, documents)
    spool = Spool(folder, text.views)
    for block in encode(documents, 0, known):
        spool.add(block.to_bytes())
    return Reviews(spool, known)

"""What a run's documents are, counted before anything is trained, and where a setting does not go with them."""

import dataclasses
import json
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import TypeAdapter

from run.config import RunConfig, View
from run.splits import Split

CUT = 0.05
"""A larger share of training documents that are cut is worth a warning."""
SEEN = 0.01
"""So is a larger share of test or validation documents that stand in the training documents too, ..."""
CONTRADICTING = 0.005
"""... of documents whose like has another label, ..."""
REPEATED = 0.1
"""... of documents that are copies of each other, ..."""
UNKNOWN = 0.2
"""... and of the test documents' words that have no token id."""
IMBALANCE = 20
"""So is a class that has so many times as many training documents as another, ..."""
FEW_OF_A_CLASS = 20
"""... a class with fewer training documents than this, ..."""
FEW_JUDGED = 200
"""... and a split with fewer than this: by as many, an accuracy of 85 % is known to five points."""
FEW_STEPS = 10
"""A batch size that leaves an epoch fewer steps than this has too little to learn by."""
NAMED = 5
"""Classes that a warning names."""


@dataclass(frozen=True)
class ClassCard:
    """A class of the training documents."""

    label: str
    documents: dict[Split, int]
    telling: tuple[str, ...]
    """Words that are more frequent in it than in the other classes, the surest first."""


@dataclass(frozen=True)
class Lengths:
    """How many words the documents of a split have, before `text.max_length` cuts them."""

    median: int
    most: int
    """95 % of the documents have no more."""
    longest: int
    cut: float
    """Share of the documents that have more than `text.max_length` words."""
    empty: int
    """Documents without any: of white space and stop words."""


@dataclass(frozen=True)
class Contradiction:
    """A text that stands under several labels."""

    words: str
    """Its beginning."""
    labels: tuple[str, ...]


@dataclass(frozen=True)
class Repeats:
    """Documents that are the same to a model: they have the same tokens in every view."""

    different: int
    repeated: int
    """Documents whose like stands elsewhere too."""
    contradicting: int
    """Documents whose like has another label."""
    seen: dict[Split, int]
    """Validation and test documents whose like is a training document."""
    examples: tuple[Contradiction, ...]


@dataclass(frozen=True)
class DataCard:
    """The documents of a run that can be used."""

    documents: dict[Split, int]
    classes: tuple[ClassCard, ...]
    lengths: dict[Split, Lengths]
    """Of the splits that have documents."""
    repeats: Repeats
    unknown: dict[View, dict[Split, float]]
    """Share of the tokens of each view that its vocabulary does not have."""
    warnings: tuple[str, ...] = ()

    def checked(self, config: RunConfig) -> "DataCard":
        """Returns the card with its warnings."""
        return dataclasses.replace(self, warnings=tuple(_warnings(self, config)))

    def to_json(self) -> str:
        """Returns it as a JSON object."""
        return json.dumps(dataclasses.asdict(self), ensure_ascii=False, indent=2) + "\n"

    @classmethod
    def from_json(cls, data: bytes) -> "DataCard":
        """Reads what `to_json` wrote."""
        return TypeAdapter(cls).validate_json(data)

    def lines(self) -> Iterator[str]:
        """Yields the card, for the terminal."""
        total = sum(self.documents.values())
        yield f"{total:,} documents: {', '.join(f'{split} {number:,}' for split, number in self.documents.items())}"
        for of_class in self.classes:
            share = of_class.documents["train"] / max(self.documents["train"], 1)
            telling = f": {' '.join(of_class.telling)}" if of_class.telling else ""
            yield f"  {of_class.label} {of_class.documents['train']:,} ({share:.1%}){telling}"
        if train := self.lengths.get("train"):
            yield (
                f"words: {train.median} in the median, 95 % have at most {train.most:,}, the longest has "
                f"{train.longest:,}; {train.cut:.1%} are cut"
            )
        repeats = self.repeats
        yield (
            f"{repeats.different:,} different documents; {repeats.repeated:,} stand there more than once, "
            f"{repeats.contradicting:,} of them under several labels"
        )
        yield from (f"  {' / '.join(example.labels)}: {example.words}" for example in repeats.examples)
        seen = (f"{number:,} of {self.documents[split]:,} {split}" for split, number in repeats.seen.items())
        yield f"in the training documents too: {', '.join(seen)} documents"
        for view, of_view in self.unknown.items():
            yield f"unknown tokens, {view}: {', '.join(f'{split} {share:.2%}' for split, share in of_view.items())}"


def _warnings(card: DataCard, config: RunConfig) -> Iterator[str]:
    yield from _of_lengths(card, config)
    yield from _of_repeats(card, config)
    yield from _of_classes(card, config)
    yield from _of_splits(card, config)


def _of_lengths(card: DataCard, config: RunConfig) -> Iterator[str]:
    train = card.lengths.get("train")
    if train and train.cut > CUT:
        yield (
            f"{train.cut:.1%} of the training documents are cut after text.max_length = {config.text.max_length} "
            "words. Raise it, unless their beginnings say enough."
        )
    for view, of_view in card.unknown.items():
        if view == "word" and (share := of_view.get("test", 0.0)) > UNKNOWN:
            yield (
                f"{share:.1%} of the test documents' words are unknown to the model. Lower text.min_count = "
                f"{config.text.min_count}, or raise text.vocabulary_size = {config.text.vocabulary_size:,}."
            )


def _of_repeats(card: DataCard, config: RunConfig) -> Iterator[str]:
    repeats, total = card.repeats, sum(card.documents.values())
    if repeats.repeated > REPEATED * total:
        yield (
            f"{repeats.repeated:,} of {total:,} documents stand there more than once, and {repeats.different:,} are "
            "different. Training and test count each as often as it comes; leave out copies if that is not meant."
        )
    if repeats.contradicting > CONTRADICTING * total:
        yield (
            f"{repeats.contradicting:,} of {total:,} documents have their like under another label, and no model gets "
            "both right. data_card.json shows some."
        )
    given = {"validation": config.data.validation, "test": config.data.test}
    for split, number in repeats.seen.items():
        if number > SEEN * card.documents[split]:
            remedy = f"Take them out of data.{split}." if given.get(split) else "They differ in what no model sees."
            yield (
                f"{number:,} of {card.documents[split]:,} {split} documents are training documents too: the {split} "
                f"accuracy is higher than that on new texts. {remedy}"
            )


def _of_classes(card: DataCard, config: RunConfig) -> Iterator[str]:
    sizes = {of_class.label: of_class.documents["train"] for of_class in card.classes}
    if rare := [label for label, size in sizes.items() if size < FEW_OF_A_CLASS]:
        yield (f"{_named(rare)} fewer than {FEW_OF_A_CLASS} training documents. Find more, or join classes.")
    smallest, largest = min(sizes, key=sizes.__getitem__), max(sizes, key=sizes.__getitem__)
    unlike = sizes[largest] > IMBALANCE * sizes[smallest]
    if unlike and config.train.metric == "accuracy" and config.train.class_weights == "none":
        yield (
            f"{largest} has {sizes[largest] / sizes[smallest]:.0f} times as many training documents as {smallest}, "
            'and train.metric = "accuracy" looks at the large classes. If the small ones matter as much, set '
            'train.metric = "macro_f1" or train.class_weights = "balanced".'
        )
    for split in ("validation", "test"):
        missing = [c.label for c in card.classes if not c.documents[split]]
        if missing and card.documents[split]:
            yield f"{_named(missing)} no {split} documents, so that nothing is known of how well they are found."


def _of_splits(card: DataCard, config: RunConfig) -> Iterator[str]:
    for split in ("validation", "test"):
        if card.documents[split] < FEW_JUDGED:
            yield (
                f"There are {card.documents[split]:,} {split} documents: figures of so few are chance. "
                f"Raise data.{split}_fraction, or give more in data.{split}."
            )
    batch, train = config.train.batch_size, card.documents["train"]
    if batch and train < FEW_STEPS * batch:
        yield (
            f"{train:,} training documents in batches of train.batch_size = {batch} are {-(-train // batch)} steps an "
            "epoch. Leave it out, or lower it."
        )


def _named(labels: list[str]) -> str:
    shown = ", ".join(labels[:NAMED])
    more = f" and {len(labels) - NAMED} more classes" if len(labels) > NAMED else ""
    return f"{shown}{more} {'have' if len(labels) > 1 else 'has'}"

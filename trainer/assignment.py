"""What a worker is told before it starts. No TensorFlow: the driver writes it."""

from dataclasses import dataclass

from trainer.blocks import Split
from trainer.config import RunConfig
from trainer.segmenter import Segmenter
from trainer.vocabulary import Vocabulary


@dataclass(frozen=True)
class Language:
    """What turns a text into ids and a class into a label; goes into the exported model."""

    segmenter: Segmenter
    vocabulary: Vocabulary
    labels: tuple[str, ...]


@dataclass(frozen=True)
class Assignment:
    """A run as its workers see it."""

    config: RunConfig
    language: Language
    rows: dict[Split, int]
    """Documents of each split, over all workers, for the model's card."""
    models: str
    """The URI of the folder that the model is published in; the folder that it is in is the run's."""

"""What a worker is told before it starts. No TensorFlow: the driver writes it."""

from dataclasses import dataclass

from run.config import RunConfig
from run.splits import Split
from text.language import Language
from text.vectors import WordVectors


@dataclass(frozen=True)
class Assignment:
    """A run as its workers see it."""

    config: RunConfig
    language: Language
    vectors: WordVectors | None
    """What the embeddings of words begin with, if not at random."""
    golden: tuple[str, ...]
    """Texts that the exported model is held to before it is published."""
    rows: dict[Split, int]
    """Documents of each split, over all workers, for the model's card."""
    checkpoints: str
    """The URI of the folder of the run's checkpoints."""
    models: str
    """The URI of the folder that the model is published in; the folder that it is in is the run's."""

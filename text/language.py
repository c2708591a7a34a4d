"""What a text and its label are to a model: tokens, ids, classes."""

from collections.abc import Mapping
from dataclasses import dataclass

from run.config import View
from text.segmenter import Segmenter
from text.vocabulary import Vocabulary


@dataclass(frozen=True)
class Language:
    """What turns a text into token ids and a class into a label; goes into the exported model."""

    segmenter: Segmenter
    vocabularies: Mapping[View, Vocabulary]
    labels: tuple[str, ...]

    @property
    def sizes(self) -> dict[View, int]:
        """How many token ids each view has."""
        return {view: len(vocabulary) for view, vocabulary in self.vocabularies.items()}

    @property
    def classes(self) -> dict[str, int]:
        """The class of each label."""
        return {label: i for i, label in enumerate(self.labels)}

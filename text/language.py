"""What a text and its label are to a model: tokens, ids, classes."""

from dataclasses import dataclass

from text.segmenter import Segmenter
from text.vocabulary import Vocabulary


@dataclass(frozen=True)
class Language:
    """What turns a text into token ids and a class into a label; goes into the exported model."""

    segmenter: Segmenter
    vocabulary: Vocabulary
    labels: tuple[str, ...]

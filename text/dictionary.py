"""The words that the segmenter knows, and how probable each is: what a segmentation outside Python needs."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Dictionary:
    """Words with their frequencies."""

    frequencies: dict[str, int]
    """Of each word; 0 where something was taken out, or is only the beginning of words."""
    total: int
    """Of the frequencies that probabilities are relative to. Not always their sum: jieba counts what was added."""

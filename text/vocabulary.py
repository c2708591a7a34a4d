"""The vocabulary: token ids, most frequent tokens first."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import repeat

import numpy as np

PADDING = 0
UNKNOWN = 1
FIRST_TOKEN = 2


@dataclass(frozen=True)
class Vocabulary:
    """The tokens that have an id of their own: token i has id i + 2, after padding and unknown."""

    tokens: tuple[str, ...]

    @classmethod
    def of_counts(cls, counts: Mapping[str, int], size: int, min_count: int) -> "Vocabulary":
        """Keeps the most frequent tokens; equal counts in code point order, so that nothing is left to chance."""
        frequent = (item for item in counts.items() if item[1] >= min_count)
        ordered = sorted(frequent, key=lambda item: (-item[1], item[0]))
        return cls(tuple(token for token, _ in ordered[: size - FIRST_TOKEN]))

    def __len__(self) -> int:
        return len(self.tokens) + FIRST_TOKEN

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {token: number for number, token in enumerate(self.tokens, FIRST_TOKEN)}

    def encode(self, tokens: Iterable[str]) -> list[int]:
        """Returns the id of each token."""
        return list(map(self._ids.get, tokens, repeat(UNKNOWN)))

    def decode(self, ids: Sequence[int] | np.ndarray) -> list[str]:
        """Returns the token of each id; padding and unknown give an empty string."""
        return [self.tokens[i - FIRST_TOKEN] if i >= FIRST_TOKEN else "" for i in ids]

    def __getstate__(self) -> dict[str, object]:
        return {"tokens": self.tokens}

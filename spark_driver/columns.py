"""The tokens of prepared rows as Arrow has them: cut, counted and encoded by the column, not one by one."""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Generic, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from run.config import View
from text.blocks import Ids
from text.vocabulary import FIRST_TOKEN, UNKNOWN, Vocabulary

Key = TypeVar("Key")


def tokens_of(column: pa.ListArray) -> list[pa.ListArray]:
    """Returns the tokens of each document in each view.

    Args:
        column: of each document the tokens of each view, joined by spaces, as `documents.PREPARED` has them.
    """
    joined = column.flatten()
    views = len(joined) // len(column) if len(column) else 0
    return [_split(joined[view::views]) for view in range(views)]


def _split(joined: pa.StringArray) -> pa.ListArray:
    lists = pc.split_pattern(joined, " ")
    # Where there are no tokens, there is an empty one.
    return pc.if_else(pc.equal(joined, ""), pa.scalar([], lists.type), lists)


class TokenCounter(Generic[Key]):
    """Counts tokens by a key; they are held until their counts are taken."""

    def __init__(self, limit: int):
        """Is full with so many tokens."""
        self._limit, self._held = limit, 0
        self._tokens: dict[Key, list[pa.Array]] = {}

    def add(self, key: Key, tokens: pa.Array) -> bool:
        """Adds tokens of a key, and tells whether it is time to take the counts."""
        self._tokens.setdefault(key, []).append(tokens)
        self._held += len(tokens)
        return self._held >= self._limit

    def take(self) -> Iterator[tuple[Key, pa.StringArray, pa.Int64Array]]:
        """Yields each key with its tokens and how often each was added, and forgets them."""
        taken, self._tokens, self._held = self._tokens, {}, 0
        for key, arrays in taken.items():
            values, counts = pa.chunked_array(arrays).value_counts().flatten()
            yield key, values, counts


class ColumnEncoder:
    """Encodes tokens."""

    def __init__(self, vocabularies: Mapping[View, Vocabulary]):
        """Knows the tokens of each view, in the order of the views."""
        self._known = {view: pa.array(known.tokens, pa.string()) for view, known in vocabularies.items()}

    def encode(self, column: pa.ListArray) -> Iterator[dict[View, Ids]]:
        """Yields the token ids of each document in each view; see `tokens_of` for the column."""
        of_views = map(self._ids, self._known, tokens_of(column))
        for of_document in zip(*of_views, strict=True):
            yield dict(zip(self._known, of_document, strict=True))

    def _ids(self, view: View, lists: pa.ListArray) -> Iterator[np.ndarray]:
        places = pc.index_in(lists.flatten(), value_set=self._known[view])
        ids = pc.fill_null(pc.add(places, FIRST_TOKEN), UNKNOWN).to_numpy().astype(np.int32, copy=False)
        ends = np.cumsum(pc.list_value_length(lists).to_numpy(), dtype=np.int64)
        # Copies, for a document may wait long for a block to be full, and would keep all others of its batch.
        return (ids[start:end].copy() for start, end in pairwise((0, *ends.tolist())))

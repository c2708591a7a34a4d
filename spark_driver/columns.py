"""The tokens of prepared rows as Arrow has them: cut, counted and encoded by the column, not one by one."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Generic, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from run.config import View
from run.splits import SPLITS, Split
from text.blocks import Columns, Ragged
from text.language import Language
from text.vocabulary import FIRST_TOKEN, UNKNOWN

GATHERED_BYTES = 16 * 2**20
"""Of tokens that are encoded at once: some ten thousand documents."""

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


def gathered(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Puts batches together until they have `GATHERED_BYTES`."""
    some, size = list[pa.RecordBatch](), 0
    for batch in batches:
        some.append(batch)
        size += batch.nbytes
        if size >= GATHERED_BYTES:
            yield pa.Table.from_batches(some)
            some, size = [], 0
    if some:
        yield pa.Table.from_batches(some)


class ColumnEncoder:
    """Encodes tokens. For each call, Arrow hashes all that it knows."""

    def __init__(self, language: Language):
        """Knows the tokens of each view, in the order of the views, and the labels."""
        self._known = {view: pa.array(known.tokens, pa.string()) for view, known in language.vocabularies.items()}
        self._labels = pa.array(language.labels, pa.string())

    def encode(self, tokens: pa.ChunkedArray) -> dict[View, Ragged]:
        """Returns the token ids of documents in each view; see `tokens_of` for the column."""
        parts = [tokens_of(chunk) for chunk in tokens.chunks if len(chunk)]
        return {view: self._ids(view, [part[number] for part in parts]) for number, view in enumerate(self._known)}

    def by_split(self, documents: pa.Table) -> Iterator[tuple[Split, Columns]]:
        """Yields the encoded documents of each split; they have the columns split, label, tokens, and known labels."""
        classes = pc.index_in(documents.column("label"), value_set=self._labels).to_numpy()
        columns = Columns(classes, self.encode(documents.column("tokens")))
        for split in SPLITS:
            of_split = pc.equal(documents.column("split"), split).to_numpy()
            if of_split.any():
                yield split, columns.where(of_split)

    def _ids(self, view: View, parts: Sequence[pa.ListArray]) -> Ragged:
        tokens = pa.chunked_array([part.flatten() for part in parts], pa.string())
        places = pc.index_in(tokens, value_set=self._known[view])
        ids = pc.fill_null(pc.add(places, FIRST_TOKEN), UNKNOWN).to_numpy().astype(np.int32, copy=False)
        lengths = [pc.list_value_length(part).to_numpy() for part in parts]
        return Ragged(np.concatenate([np.empty(0, np.int32), *lengths]), ids)

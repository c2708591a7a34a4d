"""Columns of tokens are cut, counted and encoded as each document by itself would be."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from run.config import View
from run.splits import SPLITS
from spark_driver import columns
from spark_driver.columns import ColumnEncoder, TokenCounter, gathered, tokens_of
from text.language import Language
from text.segmenter import Segmenter
from text.vocabulary import Vocabulary

TOKENS = st.lists(st.text("甲乙x😀‿", min_size=1, max_size=3), max_size=5)
DOCUMENTS = st.lists(st.tuples(TOKENS, TOKENS), max_size=8)
Documents = Sequence[tuple[list[str], list[str]]]
COLUMN = pa.list_(pa.string())
KNOWN: dict[View, Vocabulary] = {"word": Vocabulary(("甲", "乙x")), "char": Vocabulary(("😀", "x"))}
ENCODER = ColumnEncoder(Language(Segmenter(), KNOWN, ("a", "b")))


def column(documents: Documents) -> pa.ListArray:
    return pa.array([[" ".join(tokens) for tokens in document] for document in documents], COLUMN)


def ids_of(document: tuple[list[str], list[str]]) -> list[list[int]]:
    """What the vocabularies make of the tokens of a document."""
    return [known.encode(tokens) for known, tokens in zip(KNOWN.values(), document, strict=True)]


@given(DOCUMENTS)
def test_the_tokens_of_each_view_come_apart(documents: Documents) -> None:
    found = [lists.to_pylist() for lists in tokens_of(column(documents))]
    assert found == ([list(of_view) for of_view in zip(*documents, strict=True)] if documents else [])


@given(DOCUMENTS)
def test_a_slice_has_the_tokens_of_its_own_documents(documents: Documents) -> None:
    found = tokens_of(column([(["不"], ["不"]), *documents])[1:])
    assert [lists.to_pylist() for lists in found] == [lists.to_pylist() for lists in tokens_of(column(documents))]


@given(st.lists(DOCUMENTS))
def test_documents_are_encoded_as_by_their_vocabularies(batches: list[Documents]) -> None:
    views = ENCODER.encode(pa.chunked_array([column(documents) for documents in batches], COLUMN))
    found = [[ids.tolist() for ids in of_views] for of_views in zip(*views.values(), strict=True)]
    assert list(views) == ["word", "char"]
    assert found == [ids_of(document) for documents in batches for document in documents]
    assert {array.dtype for ragged in views.values() for array in (ragged.lengths, ragged.ids)} == {np.dtype(np.int32)}


@given(DOCUMENTS, st.data())
def test_encoded_documents_come_by_split_with_their_classes(documents: Documents, data: st.DataObject) -> None:
    splits, labels = (
        data.draw(st.lists(st.sampled_from(values), min_size=len(documents), max_size=len(documents)))
        for values in (SPLITS, ["a", "b"])
    )
    table = pa.table(
        {"split": pa.array(splits, pa.string()), "label": pa.array(labels, pa.string()), "tokens": column(documents)}
    )
    found = [
        (split, label, *(ids.tolist() for ids in of_document))
        for split, of_split in ENCODER.by_split(table)
        for label, *of_document in zip(of_split.labels.tolist(), *of_split.views.values(), strict=True)
    ]
    expected = [
        (split, "ab".index(label), *ids_of(document))
        for split, label, document in zip(splits, labels, documents, strict=True)
    ]
    assert found == sorted(expected, key=lambda document: SPLITS.index(document[0]))


@pytest.mark.parametrize("held", [1, 100, 1 << 20])
def test_batches_are_put_together_until_they_are_large(held: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "GATHERED_BYTES", held)
    batches = [pa.record_batch({"n": pa.array([n] * n, pa.int64())}) for n in range(1, 20)]
    tables = list(gathered(batches))
    assert pa.concat_tables(tables) == pa.Table.from_batches(batches)
    assert all(table.nbytes >= held for table in tables[:-1])
    assert all(table.nbytes - 8 * len(table.column(0).chunks[-1]) < held for table in tables)


@given(st.lists(st.tuples(st.sampled_from("ab"), TOKENS)))
def test_tokens_are_counted_by_key(added: list[tuple[str, list[str]]]) -> None:
    counter, expected = TokenCounter[str](limit=10), Counter[tuple[str, str]]()
    found, held = Counter[tuple[str, str]](), 0
    for key, tokens in added:
        expected.update((key, token) for token in tokens)
        held += len(tokens)
        full = counter.add(key, pa.array(tokens, pa.string()))
        assert full == (held >= 10)
        if full:
            found.update(taken(counter))
            held = 0
    found.update(taken(counter))
    assert found == expected


def taken(counter: TokenCounter[str]) -> dict[tuple[str, str], int]:
    return {
        (key, token): count
        for key, tokens, counts in counter.take()
        for token, count in zip(tokens.to_pylist(), counts.to_pylist(), strict=True)
    }

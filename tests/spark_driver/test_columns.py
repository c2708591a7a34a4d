"""Columns of tokens are cut, counted and encoded as each document by itself would be."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from run.config import View
from spark_driver.columns import ColumnEncoder, TokenCounter, tokens_of
from text.vocabulary import Vocabulary

TOKENS = st.lists(st.text("甲乙x😀‿", min_size=1, max_size=3), max_size=5)
DOCUMENTS = st.lists(st.tuples(TOKENS, TOKENS), max_size=8)
Documents = Sequence[tuple[list[str], list[str]]]


def column(documents: Documents) -> pa.ListArray:
    return pa.array([[" ".join(tokens) for tokens in document] for document in documents], pa.list_(pa.string()))


@given(DOCUMENTS)
def test_the_tokens_of_each_view_come_apart(documents: Documents) -> None:
    found = [lists.to_pylist() for lists in tokens_of(column(documents))]
    assert found == ([list(of_view) for of_view in zip(*documents, strict=True)] if documents else [])


@given(DOCUMENTS)
def test_a_slice_has_the_tokens_of_its_own_documents(documents: Documents) -> None:
    found = tokens_of(column([(["不"], ["不"]), *documents])[1:])
    assert [lists.to_pylist() for lists in found] == [lists.to_pylist() for lists in tokens_of(column(documents))]


@given(DOCUMENTS)
def test_documents_are_encoded_as_by_their_vocabularies(documents: Documents) -> None:
    known: dict[View, Vocabulary] = {"word": Vocabulary(("甲", "乙x")), "char": Vocabulary(("😀", "x"))}
    encoded = ColumnEncoder(known).encode(column(documents))
    found = [{view: np.asarray(ids) for view, ids in of_document.items()} for of_document in encoded]
    expected = [
        {view: of_view.encode(tokens) for (view, of_view), tokens in zip(known.items(), document, strict=True)}
        for document in documents
    ]
    assert [{view: ids.tolist() for view, ids in of_document.items()} for of_document in found] == expected
    assert all(ids.dtype == np.int32 for of_document in found for ids in of_document.values())


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

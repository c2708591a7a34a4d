"""Documents become blocks of one split that are neither small nor large."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from run.splits import SPLITS, Split
from text import encoding
from text.blocks import Columns
from text.encoding import BLOCK_DOCUMENTS, BLOCK_TOKENS, encode, in_blocks
from text.language import Language
from text.preparation import TokenizedDocument
from text.segmenter import Segmenter
from text.vocabulary import Vocabulary

VOCABULARY = Vocabulary(("好", "坏"))
LANGUAGE = Language(Segmenter(), {"word": VOCABULARY, "char": Vocabulary(("坏",))}, ("x", "y"))
TOKENS = st.lists(st.sampled_from(["好", "坏", "没见过"]), max_size=5)

Documents = st.lists(
    st.builds(
        TokenizedDocument,
        st.sampled_from(SPLITS),
        st.sampled_from(LANGUAGE.labels),
        st.fixed_dictionaries({"word": TOKENS, "char": TOKENS}),
    ),
    max_size=30,
)


@given(Documents)
def test_every_document_is_in_one_block_of_its_split(documents: list[TokenizedDocument]) -> None:
    blocks = list(encode(documents, 3, LANGUAGE))
    assert [(block.partition, block.sequence) for block in blocks] == [(3, i) for i in range(len(blocks))]
    seen = Counter(
        (block.split, label, *((view, *ids[view].tolist()) for view in LANGUAGE.vocabularies))
        for block in blocks
        for ids, label in block
    )
    assert seen == Counter(
        (
            d.split,
            LANGUAGE.classes[d.label],
            *((v, *known.encode(d.tokens[v])) for v, known in LANGUAGE.vocabularies.items()),
        )
        for d in documents
    )


@given(st.lists(st.tuples(st.sampled_from(SPLITS), st.lists(TOKENS, max_size=9))))
def test_a_block_is_full_at_the_same_document_however_many_come_at_once(
    parts: list[tuple[Split, list[list[str]]]],
) -> None:
    columns = [(split, columns_of(tokens)) for split, tokens in parts]
    one_by_one = [(split, columns_of([tokens])) for split, of_part in parts for tokens in of_part]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encoding, "BLOCK_DOCUMENTS", 4)
        patch.setattr(encoding, "BLOCK_TOKENS", 10)
        found, expected = list(in_blocks(columns, 0)), list(in_blocks(one_by_one, 0))
    for split in SPLITS:
        lengths = [block.views["word"].lengths.tolist() for block in found if block.split == split]
        assert lengths == [block.views["word"].lengths.tolist() for block in expected if block.split == split]
        assert all(len(full) == 4 or sum(full) >= 10 for full in lengths[:-1])
        assert all(len(block) <= 4 and sum(block[:-1]) < 10 for block in lengths)


def columns_of(documents: list[list[str]]) -> Columns:
    return Columns.of([({"word": VOCABULARY.encode(tokens)}, 0) for tokens in documents], ["word"])


def test_a_block_is_full_with_its_documents() -> None:
    documents = [TokenizedDocument("train", "x", {"word": ["好"], "char": ["好"]})] * (2 * BLOCK_DOCUMENTS + 1)
    assert [len(block) for block in encode(documents, 0, LANGUAGE)] == [BLOCK_DOCUMENTS] * 2 + [1]


def test_a_block_of_long_documents_is_full_with_its_tokens() -> None:
    documents = [
        TokenizedDocument("train", "x", {"word": ["好"] * (BLOCK_TOKENS // 4), "char": ["好"] * (BLOCK_TOKENS // 4)})
    ] * 5
    assert [len(block) for block in encode(documents, 0, LANGUAGE)] == [2, 2, 1]

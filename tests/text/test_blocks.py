"""Blocks: what goes in comes out, and bytes that are no block are refused as such."""

import json
import struct
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from run.splits import SPLITS, Split
from tests.encoded import word_block
from text.blocks import Block, Encoded
from text.errors import BlockError

NUMBER = st.integers(0, 2**31 - 1)
DOCUMENTS = st.lists(st.tuples(st.lists(NUMBER, max_size=5), NUMBER), min_size=1, max_size=5)

BLOCK = word_block("train", 3, 7, [([2, 3, 4], 1), ([], 0), ([5], 1)])
DATA = BLOCK.to_bytes()
ARRAYS = 4 * (3 + 3 + 4)
"""Bytes of its labels, lengths and ids."""


def documents_of(block: Block) -> list[tuple[list[int], int]]:
    return [(ids["word"].tolist(), label) for ids, label in block]


def with_header(header: bytes, arrays: bytes = b"") -> bytes:
    return DATA[:5] + struct.pack("<I", len(header)) + header + arrays


def test_a_block_holds_its_documents_one_after_the_other() -> None:
    assert len(BLOCK) == 3
    assert BLOCK.views["word"].lengths.tolist() == [3, 0, 1]
    assert BLOCK.labels.tolist() == [1, 0, 1]
    assert BLOCK.views["word"].ids.tolist() == [2, 3, 4, 5]
    assert documents_of(BLOCK) == [([2, 3, 4], 1), ([], 0), ([5], 1)]


@given(st.sampled_from(SPLITS), NUMBER, NUMBER, DOCUMENTS)
def test_what_goes_into_bytes_comes_out_of_them(
    split: Split, partition: int, sequence: int, documents: list[tuple[list[int], int]]
) -> None:
    block = Block.from_bytes(word_block(split, partition, sequence, documents).to_bytes())
    assert (block.split, block.partition, block.sequence) == (split, partition, sequence)
    assert documents_of(block) == documents
    assert {block.views["word"].lengths.dtype, block.labels.dtype, block.views["word"].ids.dtype} == {
        np.dtype(np.int32)
    }


def test_views_come_in_the_order_of_the_block() -> None:
    documents: list[Encoded] = [({"char": [4, 5, 6], "word": [2, 3]}, 1), ({"char": [], "word": [7]}, 0)]
    block = Block.from_bytes(Block.of("train", 0, 0, ("word", "char"), documents).to_bytes())
    assert list(block.views) == ["word", "char"]
    assert [({v: i.tolist() for v, i in ids.items()}, label) for ids, label in block] == documents


def test_a_block_of_no_documents_is_a_block() -> None:
    assert documents_of(Block.from_bytes(word_block("test", 0, 0, []).to_bytes())) == []


def test_a_block_can_be_read_from_a_view() -> None:
    assert documents_of(Block.from_bytes(memoryview(DATA))) == documents_of(BLOCK)


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_no_block(data: bytes) -> None:
    with pytest.raises(BlockError):
        Block.from_bytes(data)


def test_a_block_that_was_cut_off_is_no_block() -> None:
    for size in range(len(DATA)):
        with pytest.raises(BlockError):
            Block.from_bytes(DATA[:size])


def test_a_block_with_more_behind_it_is_no_block() -> None:
    with pytest.raises(BlockError, match=r"block \(3, 7\) has"):
        Block.from_bytes(DATA + b"\0")


@given(st.integers(0, len(DATA) - 1), st.integers(0, 255))
def test_a_block_with_an_altered_byte_raises_no_other_error(position: int, value: int) -> None:
    with suppress(BlockError):  # an altered token number cannot be seen
        Block.from_bytes(DATA[:position] + bytes([value]) + DATA[position + 1 :])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(max_size=5), values, max_size=3),
    max_leaves=5,
)
KEYS = ("split", "partition", "sequence", "documents", "views")
HEADER = {"split": "train", "partition": 3, "sequence": 7, "documents": 3, "views": {"word": 4}}


@given(st.binary(max_size=50) | JSON.map(lambda value: json.dumps(value).encode()))
def test_an_arbitrary_header_is_no_block(header: bytes) -> None:
    with pytest.raises(BlockError):
        Block.from_bytes(with_header(header))


@pytest.mark.parametrize("key", KEYS)
@given(value=JSON.filter(lambda value: value != "train"))
def test_a_header_with_an_arbitrary_value_raises_no_other_error(key: str, value: object) -> None:
    header = HEADER | {key: value}
    with suppress(BlockError):  # any whole number can be a partition or a sequence
        Block.from_bytes(with_header(json.dumps(header).encode(), DATA[-ARRAYS:]))


@pytest.mark.parametrize("key", KEYS)
def test_a_header_without_one_of_its_keys_is_no_block(key: str) -> None:
    header = dict(HEADER)
    del header[key]
    with pytest.raises(BlockError, match=key):
        Block.from_bytes(with_header(json.dumps(header).encode(), DATA[-ARRAYS:]))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("split", "dev"),
        ("partition", -1),
        ("sequence", True),
        ("documents", 3.0),
        ("views", {"word": "4"}),
        ("views", {"wrd": 4}),
    ],
)
def test_a_header_with_another_kind_of_value_is_no_block(key: str, value: object) -> None:
    header = HEADER | {key: value}
    with pytest.raises(BlockError, match="not of this version"):
        Block.from_bytes(with_header(json.dumps(header).encode(), DATA[-ARRAYS:]))


def test_a_long_header_is_no_block() -> None:
    header = DATA[9:-ARRAYS].ljust(2_000)
    with pytest.raises(BlockError, match="at most 1024 bytes"):
        Block.from_bytes(with_header(header, DATA[-ARRAYS:]))


def test_other_magic_bytes_are_no_block() -> None:
    with pytest.raises(BlockError, match="a block starts with"):
        Block.from_bytes(b"TCNB\x01" + DATA[5:])


def test_deeply_nested_json_is_no_header() -> None:
    with pytest.raises(BlockError):
        Block.from_bytes(with_header(b"[" * 1_000))


@pytest.mark.parametrize("lengths", [[3, 0, 2], [5, -2, 1], [2**31 - 1, 2**31 - 1, 6]])
def test_lengths_add_up_to_the_tokens(lengths: list[int]) -> None:
    arrays = DATA[-ARRAYS : -ARRAYS + 12] + np.array(lengths, "<i4").tobytes() + DATA[-ARRAYS + 24 :]
    with pytest.raises(BlockError, match="do not add up to its 4 tokens"):
        Block.from_bytes(DATA[:-ARRAYS] + arrays)

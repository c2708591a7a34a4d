"""The spool: each block exactly once, in an order that does not depend on their arrival."""

import shutil
from itertools import permutations
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from run.splits import SPLITS, Split
from tests.encoded import word_block
from text.blocks import Block, Encoded
from text.errors import BlockError
from trainer.spool import Spool

BLOCKS = [
    word_block("train", 0, 2, [([2, 3], 0)]),
    word_block("train", 0, 10, [([], 1), ([4], 2)]),
    word_block("train", 1, 2, [([5, 6, 7], 3)]),
]


def test_a_share_is_in_the_order_of_the_blocks_names_however_they_arrive(tmp_path: Path) -> None:
    for number, blocks in enumerate(permutations(BLOCKS)):
        spool = Spool(tmp_path / str(number), ("word",))
        for block in blocks:
            spool.add(block.to_bytes())
        share = spool.share("train")
        assert len(share) == 4
        assert share.labels.tolist() == [0, 1, 2, 3]
        assert share.lengths.tolist() == [2, 0, 1, 3]
        assert share.views["word"].in_a_row(slice(0, 4)).tolist() == [2, 3, 4, 5, 6, 7]
        assert share.views["word"].in_a_row(slice(2, 3)).tolist() == [4]


@given(st.lists(st.lists(st.tuples(st.lists(st.integers(0, 2**31 - 1), max_size=9), st.integers(0, 99))), max_size=8))
def test_a_share_is_what_was_added(blocks: list[list[tuple[list[int], int]]]) -> None:
    with TemporaryDirectory() as folder:
        spool = Spool(Path(folder) / "spool", ("word",))
        for sequence, documents in enumerate(blocks):
            spool.add(word_block("train", 0, sequence, documents).to_bytes())
        share = spool.share("train")
    expected = [document for documents in blocks for document in documents]
    found = [
        (share.views["word"].ids[start : start + length].tolist(), int(label))
        for start, length, label in zip(share.views["word"].starts, share.lengths, share.labels, strict=True)
    ]
    assert found == expected


def test_documents_are_counted_and_kept_by_split(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", ("word",))
    spool.add(word_block("train", 0, 0, [([2], 0), ([3], 1)]).to_bytes())
    spool.add(word_block("test", 0, 1, [([4], 2)]).to_bytes())
    assert spool.documents == {"train": 2, "validation": 0, "test": 1}
    assert [spool.share(split).labels.tolist() for split in SPLITS] == [[0, 1], [], [2]]


def test_a_block_that_comes_twice_is_refused(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", ("word",))
    spool.add(BLOCKS[1].to_bytes())
    with pytest.raises(BlockError, match=r"block \(0, 10\) came twice"):
        spool.add(BLOCKS[1].to_bytes())
    assert spool.documents["train"] == 2


def test_a_name_is_unique_over_all_splits(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", ("word",))
    spool.add(word_block("train", 0, 0, [([2], 0)]).to_bytes())
    with pytest.raises(BlockError, match="came twice"):
        spool.add(word_block("test", 0, 0, [([3], 0)]).to_bytes())


def test_bytes_that_are_no_block_are_not_kept(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", ("word",))
    with pytest.raises(BlockError):
        spool.add(BLOCKS[0].to_bytes()[:-1])
    assert spool.documents["train"] == 0
    spool.add(BLOCKS[0].to_bytes())
    assert spool.documents["train"] == 1


@pytest.mark.parametrize("split", SPLITS)
def test_a_worker_may_have_no_documents(tmp_path: Path, split: Split) -> None:
    share = Spool(tmp_path / "spool", ("word",)).share(split)
    assert len(share) == 0
    assert share.padded(np.array([], int))["word"].shape == (0, 1)


def test_padded_documents_have_zeros_behind_up_to_the_longest(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", ("word",))
    for block in BLOCKS:
        spool.add(block.to_bytes())
    share = spool.share("train")
    assert share.padded(np.array([3, 1, 0]))["word"].tolist() == [[5, 6, 7], [0, 0, 0], [2, 3, 0]]
    assert share.padded(np.array([2, 2]))["word"].tolist() == [[4], [4]]
    assert share.padded(np.array([1]))["word"].tolist() == [[0]]
    assert share.padded(np.array([0]))["word"].dtype == np.int32


def test_a_share_outlives_the_spools_files(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", ("word",))
    spool.add(BLOCKS[0].to_bytes())
    share = spool.share("train")
    shutil.rmtree(tmp_path / "spool")
    assert list(tmp_path.iterdir()) == []
    assert share.padded(np.array([0]))["word"].tolist() == [[2, 3]]


def test_every_view_of_a_document_is_in_its_row(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", ("word", "char"))
    documents: list[Encoded] = [({"word": [2], "char": [3, 4]}, 0), ({"word": [5, 6], "char": []}, 1)]
    for sequence, document in enumerate(documents):
        spool.add(Block.of("train", 0, sequence, ("word", "char"), [document]).to_bytes())
    share = spool.share("train")
    padded = share.padded(np.array([1, 0]))
    assert {view: ids.tolist() for view, ids in padded.items()} == {"word": [[5, 6], [2, 0]], "char": [[0, 0], [3, 4]]}
    assert share.lengths.tolist() == [1, 2]


def test_a_block_of_other_views_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BlockError, match=r"has the views \('char',\). Received: \('word',\)"):
        Spool(tmp_path / "spool", ("char",)).add(BLOCKS[0].to_bytes())

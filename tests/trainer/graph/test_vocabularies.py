"""Token ids in the graph: the same as in Python."""

from pathlib import Path

import pytest
import tensorflow as tf

from run.config import TextConfig
from text.preparation import Preparation
from text.segmenter import Segmenter
from text.vocabulary import Vocabulary
from trainer.graph.preparation import GraphPreparation
from trainer.graph.vocabularies import GraphVocabularies

pytestmark = pytest.mark.usefixtures("collective")

TEXTS = ("南京市长江大桥 ok", "‿‿好‿", "😀𠀀\U0010ffff\x00好", "", "好" * 40)


def test_tokens_have_the_ids_of_the_vocabulary(tmp_path: Path) -> None:
    text, segmenter = TextConfig(max_length=9), Segmenter()
    in_python = Preparation.of(text, segmenter, lambda _: "test")
    tokens = [in_python.tokens(one) for one in TEXTS]
    vocabularies, files = {}, {view: tmp_path / f"{view}.txt" for view in text.views}
    for view, file in files.items():
        known = sorted({token for document in tokens for token in document[view]})[1::2]
        vocabularies[view] = Vocabulary(tuple(known))
        file.write_bytes("".join(f"{token}\n" for token in known).encode())
    prepare = GraphPreparation(segmenter, text.views, text.max_length)
    in_graph = GraphVocabularies(vocabularies, files)
    by_part = in_graph.of_parts(prepare.parts(tf.constant(TEXTS)))
    by_string = in_graph.of_tokens(prepare(tf.constant(TEXTS)))
    for view, vocabulary in vocabularies.items():
        expected = [vocabulary.encode(document[view]) for document in tokens]
        assert by_part[view].to_list() == expected
        assert by_string[view].to_list() == expected

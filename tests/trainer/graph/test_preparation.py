"""Preparation in the graph: the same tokens as in Python, of every view, whatever the text."""

import json
import os
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from run.config import TextConfig
from tests.texts import MIXED
from text.preparation import Preparation
from text.segmenter import Segmenter
from trainer.graph.preparation import GraphPreparation

pytestmark = pytest.mark.usefixtures("collective")

USER_DICTIONARY = (
    "江大桥 20000", "很不 0", "好评如潮呀", "iPhone手机", "C++", "5G 3", "看见♥你 9", "-_- 50",
    "东西不贵又很好用的一部好手机",
)  # fmt: skip
STOP_WORDS = frozenset({"的", "了", "，", "。", "C++", "😀"})

Differences = Callable[[Sequence[str]], list[tuple[str, str, list[str], list[str]]]]


def comparing(segmenter: Segmenter, text: TextConfig) -> Differences:
    """Makes a function that prepares texts in both ways and returns text, view and tokens where they differ."""
    in_python = Preparation.of(text, segmenter, lambda _: "test")
    prepare = GraphPreparation(segmenter, text.views, text.max_length)
    in_graph = tf.function(prepare.__call__, input_signature=[tf.TensorSpec([None], tf.string)], autograph=False)

    def differences(texts: Sequence[str]) -> list[tuple[str, str, list[str], list[str]]]:
        found = {view: tokens.to_list() for view, tokens in in_graph(tf.constant(texts, tf.string)).items()}
        return [
            (one, view, expected, decoded)
            for number, one in enumerate(texts)
            for view, expected in in_python.tokens(one).items()
            if (decoded := [token.decode() for token in found[view][number]]) != expected
        ]

    return differences


@pytest.fixture(scope="module")
def plain(collective: object) -> Differences:  # noqa: ARG001 - made before anything else of TensorFlow
    """With jieba's own dictionary."""
    return comparing(Segmenter(), TextConfig())


@pytest.fixture(scope="module")
def configured(collective: object) -> Differences:  # noqa: ARG001 - as above
    """With a user dictionary, stop words, and documents that are cut after a few words."""
    return comparing(Segmenter(USER_DICTIONARY, STOP_WORDS), TextConfig(max_length=9))


@pytest.mark.parametrize(
    "text",
    [
        "南京市长江大桥，研究生命起源。",
        "",
        " \t\r\n\u3000\x1c\x85",
        "iPhone15 Pro-Max v3.5_beta 100% C++ A B 1 2 T恤 5G手机",
        "ｆｕｌｌ　ｗｉｄｔｈ　１２３",
        "😀👨‍👩‍👧𠀀𪚥好\U0010ffff",
        "\ufeff好\x00坏\u200b\ufffe\uffff",
        "龥龦鿕鿖㐀々〇",
        "a" * 300 + "好" * 300,
    ],
)
def test_a_text_has_the_same_tokens_as_in_python(plain: Differences, configured: Differences, text: str) -> None:
    assert plain([text]) == []
    assert configured([text]) == []


@settings(max_examples=150)
@given(st.lists(MIXED, max_size=12))
def test_any_texts_have_the_same_tokens_as_in_python(
    plain: Differences, configured: Differences, texts: list[str]
) -> None:
    assert plain(texts) == []
    assert configured(texts) == []


def test_words_of_the_user_dictionary_are_found(configured: Differences) -> None:
    segmenter = Segmenter(USER_DICTIONARY, STOP_WORDS)
    text = "南京市长江大桥很不错好评如潮呀我用iPhone手机东西不贵又很好用的一部好手机5G-_-"
    assert {"好评如潮呀", "iPhone手机", "东西不贵又很好用的一部好手机", "5G", "-_-"} <= set(segmenter.tokens(text))
    assert configured([text]) == []


def test_broken_utf_8_becomes_replacement_characters() -> None:
    prepare = GraphPreparation(Segmenter(), ("word", "char"), 8)
    broken = b"\xff\xe5\xa5\xbd\xe5\xa5"
    assert {view: tokens.to_list() for view, tokens in prepare(tf.constant([broken])).items()} == {
        view: [["\ufffd".encode(), "好".encode(), "\ufffd".encode()]] for view in ("word", "char")
    }


# Real documents


def batches(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    return (texts[start : start + 512] for start in range(0, len(texts), 512))


@pytest.mark.integration
def test_all_reviews_have_the_same_tokens_as_in_python(plain: Differences) -> None:
    with Path("build/reviews.jsonl").open(encoding="utf-8") as file:
        texts = sorted({json.loads(line)["text"] for line in file})
    assert len(texts) > 15_000
    for some in batches(texts):
        assert plain(some) == []


@pytest.mark.integration
@pytest.mark.skipif("TNEWS" not in os.environ, reason="TNEWS does not name the folder of train.tsv and dev.tsv")
def test_all_titles_of_tnews_have_the_same_tokens_as_in_python(plain: Differences) -> None:
    files = (Path(os.environ["TNEWS"], name) for name in ("train.tsv", "dev.tsv"))
    texts = [line.split("\t")[0] for file in files for line in file.read_text(encoding="utf-8").split("\n")]
    assert len(texts) > 60_000
    for some in batches(texts):
        assert plain(some) == []


@pytest.mark.integration
def test_a_hundred_thousand_random_texts_have_the_same_tokens_as_in_python(configured: Differences) -> None:
    draw = random.Random(7)
    ranges = [(0x4E00, 0x9FFF)] * 6 + [(0x20, 0x7E)] * 3 + [
        (0, 0x2FF), (0x2000, 0x206F), (0x3000, 0x4DFF), (0xF900, 0xFFFF), (0x1F300, 0x1FAFF), (0x20000, 0x323AF),
    ]  # fmt: skip
    common = "".join(map(chr, range(0x4E00, 0x9FD6))) + "的一是不了人我在有他这为之大来以个中上们" * 500

    def text() -> str:
        spans = (draw.choice(ranges) for _ in range(draw.randrange(12)))
        parts = ["".join(chr(draw.randint(*span)) for _ in range(draw.randrange(6))) for span in spans]
        return "".join([*parts, *draw.choices(common, k=draw.randrange(12))])

    for some in batches([text() for _ in range(100_000)]):
        assert configured(some) == []

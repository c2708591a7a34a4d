"""The card of the data, counted by Spark: what it says of documents that are known by hand."""

import pytest
from pyspark.sql import DataFrame, SparkSession

from run.config import DataConfig, RunConfig, TextConfig
from run.data_card import Contradiction, DataCard, Lengths
from run.splits import SPLITS, Split
from spark_driver.data_card import Sizes, data_card
from text.language import Language
from text.segmenter import Segmenter
from text.vocabulary import Vocabulary

pytestmark = pytest.mark.integration

Row = tuple[Split, str, str]
"""Split, label and words."""

CONFIG = RunConfig(data=DataConfig(input="reviews.tsv"), text=TextConfig(views=("word", "char"), max_length=3))
LANGUAGE = Language(
    Segmenter(), {"word": Vocabulary(("很", "好", "坏")), "char": Vocabulary(("很", "好"))}, ("好评", "差评", "中评")
)
GOOD: list[Row] = [("train", "好评", f"很 好 {number}") for number in range(20)]
BAD: list[Row] = [("train", "差评", f"很 坏 {number}") for number in range(20)]
OTHERS: list[Row] = [
    ("train", "好评", "还行"),
    ("train", "差评", "还行"),
    ("test", "差评", "还行"),
    ("validation", "好评", "好 新"),
    ("test", "好评", ""),
    ("train", "中评", "一般"),
]


CUT_OFF = 7
"""Words that those that are bad had more."""


def documents(spark: SparkSession, rows: list[Row]) -> DataFrame:
    """Documents of (split, label, words), whose characters are their words'."""
    prepared = [
        (split, label, [words, " ".join(words.replace(" ", ""))], len(words.split()) + CUT_OFF * ("坏" in words))
        for split, label, words in rows
    ]
    schema = "split string, label string, tokens array<string>, length int"
    return spark.createDataFrame(prepared, schema).repartition(3)


def sizes(rows: list[Row]) -> Sizes:
    found = {label: dict.fromkeys(SPLITS, 0) for label in LANGUAGE.labels}
    for split, label, _ in rows:
        found[label][split] += 1
    return found


@pytest.fixture(scope="module")
def card(spark: SparkSession) -> DataCard:
    return data_card(documents(spark, GOOD + BAD + OTHERS), LANGUAGE, sizes(GOOD + BAD + OTHERS), CONFIG)


def test_classes_have_their_sizes_in_each_split(card: DataCard) -> None:
    assert card.documents == {"train": 43, "validation": 1, "test": 2}
    assert [(c.label, c.documents["train"], c.documents["test"]) for c in card.classes] == [
        ("好评", 21, 1),
        ("差评", 21, 1),
        ("中评", 1, 0),
    ]


def test_the_words_of_a_class_are_those_that_the_others_have_not(card: DataCard) -> None:
    telling = {of_class.label: of_class.telling for of_class in card.classes}
    assert telling["好评"] == ("好",)
    assert telling["差评"] == ("坏",)


def test_lengths_and_documents_that_are_cut(card: DataCard) -> None:
    assert card.lengths["train"] == Lengths(median=3, most=10, longest=10, cut=20 / 43, empty=0)
    assert card.lengths["test"] == Lengths(median=0, most=1, longest=1, cut=0.0, empty=1)


def test_repeats_within_and_across_splits_and_labels(card: DataCard) -> None:
    repeats = card.repeats
    assert (repeats.different, repeats.repeated, repeats.contradicting) == (44, 3, 3)
    assert repeats.seen == {"validation": 0, "test": 1}
    assert repeats.examples == (Contradiction("还行", ("好评", "差评")),)


def test_unknown_tokens_are_those_that_the_vocabulary_of_their_view_has_not(card: DataCard) -> None:
    assert card.unknown["word"] == {"train": pytest.approx(43 / 123), "validation": 0.5, "test": 1.0}
    assert card.unknown["char"]["validation"] == 0.5


def test_it_does_not_depend_on_how_the_documents_are_spread(spark: SparkSession, card: DataCard) -> None:
    again = data_card(documents(spark, rows := [*OTHERS, *BAD, *GOOD]).repartition(1), LANGUAGE, sizes(rows), CONFIG)
    assert again == card


def test_documents_that_all_differ_have_no_examples(spark: SparkSession) -> None:
    rows = GOOD + BAD[:2] + OTHERS[5:]
    repeats = data_card(documents(spark, rows), LANGUAGE, sizes(rows), CONFIG).repeats
    assert (repeats.repeated, repeats.contradicting, repeats.examples) == (0, 0, ())
    assert repeats.seen == {"validation": 0, "test": 0}

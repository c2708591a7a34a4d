"""What a card of the data warns of: settings that do not go with the documents, and nothing else."""

import re
from dataclasses import replace

import pytest

from run.config import DataConfig, RunConfig, TrainConfig
from run.data_card import ClassCard, Contradiction, DataCard, Lengths, Repeats

CONFIG = RunConfig(data=DataConfig(input="reviews.tsv"))
GOOD = DataCard(
    documents={"train": 8000, "validation": 1000, "test": 1000},
    classes=tuple(
        ClassCard(label, {"train": 4000, "validation": 500, "test": 500}, (word,))
        for label, word in (("差评", "坏"), ("好评", "好"))
    ),
    lengths={"train": Lengths(20, 80, 500, 0.01, 3)},
    repeats=Repeats(9900, 200, 10, {"validation": 0, "test": 2}, (Contradiction("还行", ("好评", "差评")),)),
    unknown={"word": {"validation": 0.05, "test": 0.06}, "word2": {"test": 0.5}},
)


def sizes(train: int, test: int = 500) -> tuple[ClassCard, ...]:
    """The classes of `GOOD`, the second with other numbers of documents."""
    return GOOD.classes[0], ClassCard("好评", {"train": train, "validation": 500, "test": test}, ())


def test_documents_that_go_with_the_settings_give_no_warning() -> None:
    assert GOOD.checked(CONFIG).warnings == ()


@pytest.mark.parametrize(
    ("card", "config", "said"),
    [
        (
            replace(GOOD, lengths={"train": Lengths(90, 180, 500, 0.2, 0)}),
            CONFIG,
            "20.0% .* cut after text.max_length",
        ),
        (replace(GOOD, unknown={"word": {"test": 0.3}}), CONFIG, "30.0% of the test documents' words are unknown"),
        (
            replace(GOOD, repeats=replace(GOOD.repeats, repeated=3000)),
            CONFIG,
            "3,000 of 10,000 documents stand there more than once, and 9,900 are different",
        ),
        (
            replace(GOOD, repeats=replace(GOOD.repeats, contradicting=225)),
            CONFIG,
            "225 of 10,000 documents have their like under another label",
        ),
        (
            replace(GOOD, repeats=replace(GOOD.repeats, seen={"validation": 0, "test": 90})),
            RunConfig(data=DataConfig(train="train.tsv", test="test.tsv")),
            "90 of 1,000 test documents are training documents too.*Take them out of data.test",
        ),
        (replace(GOOD, classes=sizes(19)), replace(CONFIG, train=TrainConfig(metric="loss")), "好评 has fewer than 20"),
        (replace(GOOD, classes=sizes(100)), CONFIG, "差评 has 40 times as many training documents as 好评"),
        (replace(GOOD, classes=sizes(4000, test=0)), CONFIG, "好评 has no test documents"),
        (
            replace(GOOD, documents=GOOD.documents | {"validation": 60}),
            CONFIG,
            "60 validation documents.*Raise data.validation_fraction",
        ),
        (
            replace(GOOD, documents=GOOD.documents | {"train": 300}),
            replace(CONFIG, train=TrainConfig(batch_size=256)),
            "batches of train.batch_size = 256 are 2 steps",
        ),
    ],
)
def test_a_setting_that_does_not_go_with_the_documents_is_named(card: DataCard, config: RunConfig, said: str) -> None:
    (warning,) = card.checked(config).warnings
    assert re.search(said, warning)


@pytest.mark.parametrize("train", [TrainConfig(metric="macro_f1"), TrainConfig(class_weights="balanced")])
def test_unlike_classes_are_no_matter_where_a_setting_looks_after_them(train: TrainConfig) -> None:
    assert replace(GOOD, classes=sizes(100)).checked(replace(CONFIG, train=train)).warnings == ()


def test_it_travels_as_json() -> None:
    card = replace(GOOD, lengths={"train": Lengths(90, 180, 500, 0.2, 0)}).checked(CONFIG)
    assert DataCard.from_json(card.to_json().encode()) == card


def test_its_lines_say_what_the_documents_are() -> None:
    text = "\n".join(GOOD.lines())
    assert "10,000 documents: train 8,000, validation 1,000, test 1,000" in text
    assert "  差评 4,000 (50.0%): 坏" in text
    assert "  好评 / 差评: 还行" in text
    assert "2 of 1,000 test" in text
    assert "unknown tokens, word: validation 5.00%, test 6.00%" in text

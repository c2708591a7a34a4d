"""The run file's dataclasses: what they refuse, and what they are when nothing is said."""

import dataclasses
from typing import Any

import pytest
from pydantic import ValidationError

from run.config import DataConfig, ExportConfig, ModelConfig, RunConfig, TextConfig, TrainConfig

RUN = RunConfig(data=DataConfig(input="reviews.tsv"))


def test_a_run_needs_no_more_than_an_input() -> None:
    assert (RUN.name, RUN.data.format, RUN.data.columns) == ("textcnn", "tsv", ())
    assert (RUN.text, RUN.model) == (TextConfig(), ModelConfig())
    assert (RUN.train, RUN.export) == (TrainConfig(), ExportConfig())


def test_a_run_without_data_is_refused() -> None:
    with pytest.raises(ValidationError, match="data"):
        RunConfig()  # type: ignore[call-arg]


@pytest.mark.parametrize("section", [RUN, RUN.data, RUN.text, RUN.model, RUN.train, RUN.export])
def test_settings_do_not_change(section: Any) -> None:
    key = dataclasses.fields(section)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(section, key, None)


@pytest.mark.parametrize("kind", [TextConfig, ModelConfig, TrainConfig, ExportConfig])
def test_an_unknown_key_is_refused(kind: type) -> None:
    with pytest.raises(ValidationError, match="colour"):
        kind(colour="red")


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (DataConfig, {"input": "x", "format": "xml"}),
        (DataConfig, {"input": "x", "validation_fraction": -0.1}),
        (DataConfig, {"input": "x", "test_fraction": 1.0}),
        (DataConfig, {"input": "x", "max_bad_fraction": float("nan")}),
        (TextConfig, {"min_count": 0}),
        (TextConfig, {"max_length": 0}),
        (ModelConfig, {"embedding_size": 0}),
        (ModelConfig, {"filters": 0}),
        (ModelConfig, {"widths": (0,)}),
        (ModelConfig, {"dropout": 1.0}),
        (TrainConfig, {"epochs": 0}),
        (TrainConfig, {"batch_size": 0}),
        (TrainConfig, {"learning_rate": 0.0}),
        (TrainConfig, {"clip_norm": 0.0}),
        (TrainConfig, {"warmup": 1.0}),
        (TrainConfig, {"decay": "exponential"}),
        (TrainConfig, {"patience": 0}),
        (TrainConfig, {"averaging": 1.0}),
        (TrainConfig, {"seed": -1}),
        (TrainConfig, {"seed": 2**31}),
        (ExportConfig, {"golden_examples": 0}),
    ],
)
def test_a_value_out_of_its_range_is_refused_by_name(kind: type, values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=list(values)[-1]):
        kind(**values)


@pytest.mark.parametrize("size", [1, 2])
def test_a_vocabulary_has_room_for_a_token_beside_padding_and_unknown(size: int) -> None:
    with pytest.raises(ValidationError, match="vocabulary_size"):
        TextConfig(vocabulary_size=size)


@pytest.mark.parametrize("widths", [(), (3, 3)])
def test_the_widths_are_distinct_and_at_least_one(widths: tuple[int, ...]) -> None:
    with pytest.raises(ValidationError, match="distinct and at least one"):
        ModelConfig(widths=widths)


@pytest.mark.parametrize("name", ["", "a b", "a/b", "评论"])
def test_the_name_of_a_run_can_be_a_folder(name: str) -> None:
    with pytest.raises(ValidationError, match="name"):
        RunConfig(name=name, data=RUN.data)


@pytest.mark.parametrize("inputs", [{}, {"input": "a", "train": "b"}])
def test_the_data_are_either_one_input_or_training_documents(inputs: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match=r"either data\.input .* or data\.train"):
        DataConfig(**inputs)  # type: ignore[arg-type]


@pytest.mark.parametrize("inputs", [{"validation": "b"}, {"test": "b"}])
def test_an_input_that_is_split_by_hash_has_no_other_beside_it(inputs: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match=r"go with data\.train"):
        DataConfig(input="a", **inputs)  # type: ignore[arg-type]


def test_training_documents_may_come_with_validation_and_test_documents() -> None:
    data = DataConfig(train="a", validation="b", test="c")
    assert (data.input, data.train, data.validation, data.test) == (None, "a", "b", "c")


@pytest.mark.parametrize("vectors", [None, "vectors.txt"])
def test_unlabelled_documents_are_of_use_to_vectors_of_the_corpus_alone(vectors: str | None) -> None:
    data = DataConfig(input="a", unlabelled="b")
    RunConfig(data=data, model=ModelConfig(vectors="corpus"))
    with pytest.raises(ValidationError, match=r"Set model\.vectors to 'corpus'"):
        RunConfig(data=data, model=ModelConfig(vectors=vectors))


def test_vectors_that_are_others_each_time_do_not_go_with_the_same_weights_each_time() -> None:
    train = TrainConfig(deterministic=True)
    RunConfig(data=RUN.data, train=train, model=ModelConfig(vectors="vectors.txt"))
    with pytest.raises(ValidationError, match=r"train\.deterministic does not go with model\.vectors='corpus'"):
        RunConfig(data=RUN.data, train=train, model=ModelConfig(vectors="corpus"))


def test_the_fractions_leave_something_to_train_on() -> None:
    with pytest.raises(ValidationError, match=r"Received: 0\.5 \+ 0\.5"):
        DataConfig(input="a", validation_fraction=0.5, test_fraction=0.5)

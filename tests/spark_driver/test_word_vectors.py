"""Vectors of words are read with Spark, or trained with it, for the words that are known."""

from pathlib import Path

import numpy as np
import pytest
from pyspark.sql import SparkSession

from run.config import DataConfig, ModelConfig, RunConfig, TextConfig
from spark_driver.documents import PREPARED, UNLABELLED
from spark_driver.errors import InputError
from spark_driver.preparing import Prepared
from spark_driver.word_vectors import word_vectors
from tests.encoded import word_language
from text.counts import Counts
from text.errors import DataError
from text.vectors import WordVectors

LANGUAGE = word_language(["好", "坏", "书"], ["x", "y"])
COUNTS = Counts(0, {}, ("x", "y"), {}, 0)


def prepared(spark: SparkSession, *documents: tuple[str, list[str]]) -> Prepared:
    """Returns what a run knows of documents: of each the split, and the tokens of the views."""
    rows = spark.createDataFrame(
        [(split, None, tokens, None, "a", None, None, 1) for split, tokens in documents], PREPARED
    )
    return Prepared(COUNTS, rows, rows, LANGUAGE, (), lambda: None)


def config(vectors: str | None) -> RunConfig:
    model = ModelConfig(vectors=vectors, embedding_size=2)
    return RunConfig(data=DataConfig(input="x"), text=TextConfig(views=("char", "word")), model=model)


def read(spark: SparkSession, path: Path, said: list[str]) -> WordVectors | None:
    return word_vectors(spark, config(str(path)), prepared(spark), said.append)


def test_known_words_have_their_vectors_and_how_many_is_said(spark: SparkSession, tmp_path: Path) -> None:
    path, said = tmp_path / "vectors.txt", list[str]()
    path.write_text("3 2\n书 1 2\n云 3 4\n\n好 5 6\n", encoding="utf-8")
    vectors = read(spark, path, said)
    assert vectors is not None
    assert dict(zip(vectors.ids.tolist(), vectors.values.tolist(), strict=True)) == {4: [1, 2], 2: [5, 6]}
    assert said == [f"2 of 3 words begin with a vector of {path}"]


def test_without_a_file_there_are_none(spark: SparkSession) -> None:
    assert word_vectors(spark, config(None), prepared(spark), list[str]().append) is None


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("好 1 2 3\n", r"a word and 2 numbers.*'好 1 2 3'\. Set model\.embedding_size"),
        ("云 1 2\n", "no word of the training documents"),
        ("", "no word of the training documents"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(spark: SparkSession, tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "vectors.txt"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=said):
        read(spark, path, [])


def test_a_file_that_is_not_there_is_named(spark: SparkSession, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"model\.vectors: .*nowhere\.txt' cannot be read"):
        read(spark, tmp_path / "nowhere.txt", [])


def test_vectors_are_trained_on_training_and_unlabelled_documents_for_the_words_that_are_known(
    spark: SparkSession,
) -> None:
    said = list[str]()
    documents = [
        ("train", ["坏 坏", "好 云 云"]),  # characters, words
        (UNLABELLED, ["书 好 云"]),
        (UNLABELLED, ["书"]),
        ("test", ["坏 坏", "坏 坏"]),
    ]
    vectors = word_vectors(spark, config("corpus"), prepared(spark, *documents), said.append)
    assert vectors is not None
    assert sorted(vectors.ids.tolist()) == [2, 4]  # 云 is not known, 坏 no word of these
    assert vectors.values.shape == (2, 2)
    assert vectors.values.dtype == np.float32
    assert np.isfinite(vectors.values).all()
    assert vectors.values.any(axis=1).all()
    assert said[-1] == "2 of 3 words begin with a vector of the corpus"


def test_documents_in_which_no_word_comes_often_enough_are_refused(spark: SparkSession) -> None:
    with pytest.raises(DataError, match=r"model\.vectors: Spark cannot train vectors on the documents: .*vocabulary"):
        word_vectors(spark, config("corpus"), prepared(spark, ("train", ["好", "好 坏"])), list[str]().append)

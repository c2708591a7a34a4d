"""Vectors of words are read with Spark, for the words that are known."""

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from run.config import ModelConfig
from spark_driver.errors import InputError
from spark_driver.word_vectors import word_vectors
from tests.encoded import word_language
from text.errors import DataError
from text.vectors import WordVectors

LANGUAGE = word_language(["好", "坏", "书"], ["x", "y"])


def read(spark: SparkSession, path: Path, said: list[str]) -> WordVectors | None:
    return word_vectors(spark, ModelConfig(vectors=str(path), embedding_size=2), LANGUAGE, said.append)


def test_known_words_have_their_vectors_and_how_many_is_said(spark: SparkSession, tmp_path: Path) -> None:
    path, said = tmp_path / "vectors.txt", list[str]()
    path.write_text("3 2\n书 1 2\n云 3 4\n\n好 5 6\n", encoding="utf-8")
    vectors = read(spark, path, said)
    assert vectors is not None
    assert dict(zip(vectors.ids.tolist(), vectors.values.tolist(), strict=True)) == {4: [1, 2], 2: [5, 6]}
    assert said == [f"2 of 3 words begin with a vector of {path}"]


def test_without_a_file_there_are_none(spark: SparkSession) -> None:
    assert word_vectors(spark, ModelConfig(), LANGUAGE, list[str]().append) is None


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

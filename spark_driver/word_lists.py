"""Reads the user's word lists, from any URI that Spark reads, into a segmenter that travels to the executors."""

from pyspark.sql import SparkSession

from run.config import TextConfig
from spark_driver.errors import readable
from text.segmenter import Segmenter


def segmenter(spark: SparkSession, text: TextConfig) -> Segmenter:
    """Returns the segmenter that a run file describes.

    Raises:
        InputError: a word list cannot be read.
        SegmenterError: a line of the user dictionary is not of its form.
    """
    return Segmenter(
        user_dictionary=_lines(spark, "text.user_dictionary", text.user_dictionary),
        stop_words=frozenset(_lines(spark, "text.stop_words", text.stop_words)),
    )


def _lines(spark: SparkSession, key: str, path: str | None) -> tuple[str, ...]:
    if path is None:
        return ()
    with readable(key, path):
        rows = spark.read.text(path).collect()
    return tuple(row.value.strip() for row in rows if row.value.strip())

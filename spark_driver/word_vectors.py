"""Reads vectors of words that were trained elsewhere, from any URI that Spark reads."""

from collections.abc import Callable, Iterator

import pyarrow as pa
from pyspark.sql import SparkSession

from run.config import ModelConfig
from spark_driver.errors import readable
from text.errors import DataError
from text.language import Language
from text.vectors import MALFORMED, WordVectors, collected, parsed

_SCHEMA = pa.schema([("id", pa.int32()), ("vector", pa.binary())])


def word_vectors(
    spark: SparkSession, model: ModelConfig, language: Language, say: Callable[[str], None]
) -> WordVectors | None:
    """Returns the vectors of known words, of the file that the run file names; None if it names none.

    Args:
        spark: reads the file.
        model: names it, and says how many numbers a vector has.
        language: its words are known.
        say: told of how many there is a vector.

    Raises:
        InputError: the file cannot be read.
        DataError: a line is not of its form, or no known word has a vector.
    """
    path, size = model.vectors, model.embedding_size
    if path is None:
        return None
    vocabulary = language.vocabularies["word"]

    def found(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        lines = (line for batch in batches for line in batch.column(0).to_pylist() if line.strip())
        pairs = [{"id": number, "vector": values} for number, values in parsed(lines, vocabulary, size)]
        yield pa.RecordBatch.from_pylist(pairs, _SCHEMA)

    with readable("model.vectors", path):
        rows = spark.read.text(path).mapInArrow(found, "id int, vector binary").collect()
    malformed = next((row["vector"] for row in rows if row["id"] == MALFORMED), None)
    if malformed is not None:
        raise DataError(
            f"model.vectors: a line has a word and {size} numbers, as many as model.embedding_size says. Received in "
            f"{path!r}: {bytes(malformed).decode(errors='replace')!r}. Set model.embedding_size to the size of the "
            "vectors, or mend the file."
        )
    if not rows:
        raise DataError(f"model.vectors: no word of the training documents is in {path!r}. Is it of their language?")
    vectors = collected(((row["id"], bytes(row["vector"])) for row in rows), size)
    say(f"{len(vectors.ids):,} of {len(vocabulary.tokens):,} words begin with a vector of {path}")
    return vectors

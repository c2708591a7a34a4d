"""Vectors that the embeddings of words begin with: of a file, or trained on the run's own documents."""

from collections.abc import Callable, Iterator

import pyarrow as pa
from pyspark.errors import IllegalArgumentException
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - as all of Spark's documentation writes it

from run.config import CORPUS, RunConfig
from spark_driver.errors import readable
from spark_driver.preparing import TrainingData
from text.errors import DataError
from text.vectors import MALFORMED, WordVectors, collected, parsed
from text.vocabulary import UNKNOWN, Vocabulary

MIN_COUNT = 2
"""A word that comes once has no neighbours to learn from but these; its vector begins at random."""
ITERATIONS = 5
"""Passes over the documents, as word2vec's own default has it."""

_SCHEMA = pa.schema([("id", pa.int32()), ("vector", pa.binary())])
_WORDS = pa.schema([("words", pa.list_(pa.string()))])


def word_vectors(
    spark: SparkSession, config: RunConfig, prepared: TrainingData, say: Callable[[str], None]
) -> WordVectors | None:
    """Returns vectors of known words; None if the embeddings are to begin at random.

    Args:
        spark: reads the file, or trains.
        config: says which vectors, and how many numbers one has.
        prepared: its words are known.
        say: told of how many there is a vector.

    Raises:
        InputError: the file cannot be read.
        DataError: a line is not of its form, or no known word has a vector.
    """
    path, vocabulary = config.model.vectors, prepared.language.vocabularies.get("word")
    if path is None or vocabulary is None:
        return None
    if path == CORPUS:
        say("training vectors of words on the documents")
        words = prepared.words(config.text.views)
        vectors, source = trained(words, vocabulary, config.model.embedding_size, config.train.seed), "of the corpus"
    else:
        vectors, source = _read(spark, path, vocabulary, config.model.embedding_size), f"of {path}"
    say(f"{len(vectors.ids):,} of {len(vocabulary.tokens):,} words begin with a vector {source}")
    return vectors


def _read(spark: SparkSession, path: str, vocabulary: Vocabulary, size: int) -> WordVectors:
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
    return _collected(rows, size)


def trained(words: DataFrame, vocabulary: Vocabulary, size: int, seed: int) -> WordVectors:
    """Trains skip-gram vectors with hierarchical softmax; words that are not known are passed over.

    So what the driver and an executor hold is bounded by the vocabulary, however many documents there are. Words are
    in Spark's hands as their ids, since it takes them for strings.
    Source: T. Mikolov et al., Distributed Representations of Words and Phrases, NIPS 2013, arXiv:1310.4546.

    Args:
        words: a document in each row of its one column, its words joined by spaces.
        vocabulary: what is known.
        size: numbers of a vector.
        seed: of the initial vectors.

    Raises:
        DataError: no known word comes often enough.
    """
    # They bring pandas and SciPy, for which most runs need not wait.
    from pyspark.ml.feature import Word2Vec
    from pyspark.ml.functions import vector_to_array

    def known(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            encoded = (vocabulary.encode(joined.split()) for joined in batch.column(0).to_pylist())
            ids = [[str(number) for number in document if number != UNKNOWN] for document in encoded]
            yield pa.RecordBatch.from_arrays([pa.array(ids, pa.list_(pa.string()))], schema=_WORDS)

    def in_bytes(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            vectors = batch.column(1).flatten().to_numpy().reshape(-1, size)
            columns = [batch.column(0).cast(pa.int32()), pa.array([vector.tobytes() for vector in vectors])]
            yield pa.RecordBatch.from_arrays(columns, schema=_SCHEMA)

    training = Word2Vec(
        vectorSize=size, minCount=MIN_COUNT, maxIter=ITERATIONS, seed=seed, inputCol="words", outputCol="vector"
    )
    try:
        model = training.fit(words.mapInArrow(known, "words array<string>"))
    except IllegalArgumentException as error:
        said = str(error).splitlines()[0]
        raise DataError(f"model.vectors: Spark cannot train vectors on the documents: {said}") from error
    vectors = model.getVectors().select("word", vector_to_array(F.col("vector"), "float32"))
    return _collected(vectors.mapInArrow(in_bytes, "id int, vector binary").collect(), size)


def _collected(rows: list[Row], size: int) -> WordVectors:
    return collected(((row["id"], bytes(row["vector"])) for row in rows), size)

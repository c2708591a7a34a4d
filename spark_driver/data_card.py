"""Counts what the documents of a run are, in queries of those that are prepared; the driver gets sums alone."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pyarrow as pa
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F  # noqa: N812 - as all of Spark's documentation writes it

from run.config import RunConfig, View
from run.data_card import ClassCard, Contradiction, DataCard, Lengths, Repeats
from run.splits import SPLITS, Split
from text.language import Language
from text.views import kept_tokens

TELLING = 8
"""Words of a class."""
SMOOTHING = 0.5
SHOWN = 200
"""Characters of a contradiction."""

Sizes = Mapping[str, Mapping[Split, int]]
_COLUMNS = "split string, view int, length int, documents long, unknown long"
_TYPES = (pa.string(), pa.int32(), pa.int32(), pa.int64(), pa.int64())
_SCHEMA = pa.schema(list(zip(("split", "view", "length", "documents", "unknown"), _TYPES, strict=True)))


@dataclass(frozen=True)
class _Measured:
    """So many documents of a split have so many tokens in a view, of which so many are unknown together."""

    split: Split
    view: int
    length: int
    """In the first view before any were cut off; in the others after that."""
    documents: int
    unknown: int


def data_card(documents: DataFrame, language: Language, sizes: Sizes, config: RunConfig) -> DataCard:
    """Returns the card of a run's documents, with its warnings.

    Args:
        documents: split, label, tokens (of each view, joined by spaces), length; read three times.
        language: labels and vocabularies.
        sizes: documents of each label and split.
        config: what the documents are held against.
    """
    # One query is planned and compiled while the executors are busy with another.
    queries = ThreadPoolExecutor(thread_name_prefix="data card")
    try:
        of_words = queries.submit(_telling, documents, sizes)
        of_tokens = queries.submit(_measured, documents, language)
        repeats = queries.submit(_repeats, documents).result()
        telling, measured = of_words.result(), of_tokens.result()
    finally:
        queries.shutdown(wait=False)  # those that a failure or a signal leaves behind end with Spark
    classes = tuple(ClassCard(label, dict(sizes[label]), telling.get(label, ())) for label in language.labels)
    views: Sequence[View] = tuple(language.vocabularies)
    kept = kept_tokens(views[0], config.text.max_length)
    card = DataCard(
        documents={split: sum(c.documents[split] for c in classes) for split in SPLITS},
        classes=classes,
        lengths=_lengths(measured, kept),
        repeats=repeats,
        unknown={
            view: _unknown(measured, number, kept_tokens(view, config.text.max_length))
            for number, view in enumerate(views)
        },
    )
    return card.checked(config)


def _measured(documents: DataFrame, language: Language) -> list[_Measured]:
    """A pass in Python: what a vocabulary has, it knows."""
    shared = documents.sparkSession.sparkContext.broadcast(language)

    def task(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        known = [frozenset(vocabulary.tokens) for vocabulary in shared.value.vocabularies.values()]
        numbers, unknown = Counter[tuple[Split, int, int]](), Counter[tuple[Split, int, int]]()
        for batch in batches:
            for split, of_document, length in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                for view, tokens in enumerate(map(str.split, of_document)):
                    key = split, view, len(tokens) if view else length
                    numbers[key] += 1
                    unknown[key] += len(tokens) - sum(map(known[view].__contains__, tokens))
        rows = [(*key, number, unknown[key]) for key, number in numbers.items()]
        columns = zip(*rows, strict=True) if rows else ([] for _ in _TYPES)
        arrays = [pa.array(column, kind) for column, kind in zip(columns, _TYPES, strict=True)]
        yield pa.RecordBatch.from_arrays(arrays, schema=_SCHEMA)

    found = documents.select("split", "tokens", "length").mapInArrow(task, _COLUMNS)
    summed = found.groupBy("split", "view", "length").agg(F.sum("documents"), F.sum("unknown"))
    return [_Measured(*row) for row in summed.collect()]


def _lengths(measured: Sequence[_Measured], kept: int) -> dict[Split, Lengths]:
    """Lengths in the first view, that of the words if there is one; `kept` are its tokens at most."""
    lengths: dict[Split, Lengths] = {}
    for split in SPLITS:
        numbers = {m.length: m.documents for m in measured if m.split == split and m.view == 0}
        if total := sum(numbers.values()):
            median, most = (_percentile(numbers, share * total) for share in (0.5, 0.95))
            cut = sum(documents for length, documents in numbers.items() if length > kept)
            lengths[split] = Lengths(median, most, max(numbers), cut / total, numbers.get(0, 0))
    return lengths


def _percentile(numbers: dict[int, int], wanted: float) -> int:
    """The smallest length that so many documents do not exceed."""
    counted = 0
    for length in sorted(numbers):
        counted += numbers[length]
        if counted >= wanted:
            return length
    return 0


def _unknown(measured: Sequence[_Measured], view: int, kept: int) -> dict[Split, float]:
    shares: dict[Split, float] = {}
    for split in SPLITS:
        of_split = [m for m in measured if m.split == split and m.view == view]
        if tokens := sum(min(m.length, kept) * m.documents for m in of_split):
            shares[split] = sum(m.unknown for m in of_split) / tokens
    return shares


def _repeats(documents: DataFrame) -> Repeats:
    """A pass that exchanges a hash of each document: two different ones of a billion may have the same."""
    key = F.xxhash64("tokens").alias("key")
    of_split = [F.count_if(F.col("split") == split).alias(split) for split in SPLITS]
    labels = [F.min("label").alias("least"), F.max("label").alias("greatest")]
    of_text = documents.groupBy(key).agg(F.count(F.lit(1)).alias("rows"), *of_split, *labels)
    contradicts, in_training = F.col("least") != F.col("greatest"), F.col("train") > 0
    sums = of_text.agg(
        F.count(F.lit(1)),
        _sum_where(F.col("rows") > 1, "rows"),
        _sum_where(contradicts, "rows"),
        _sum_where(in_training, "validation"),
        _sum_where(in_training, "test"),
        F.min(F.when(contradicts, F.col("key"))),
        F.max(F.when(contradicts, F.col("key"))),
    ).collect()[0]
    different, repeated, contradicting, validation, test, first, last = sums
    examples = _contradictions(documents, {first, last}) if contradicting else ()
    return Repeats(different, repeated, contradicting, {"validation": validation, "test": test}, examples)


def _sum_where(condition: Column, name: str) -> Column:
    return F.coalesce(F.sum(F.when(condition, F.col(name))), F.lit(0))


def _contradictions(documents: DataFrame, keys: set[int]) -> tuple[Contradiction, ...]:
    key = F.xxhash64("tokens")
    words = F.substring(F.replace(F.col("tokens")[0], F.lit(" "), F.lit("")), 1, SHOWN)
    found = documents.where(key.isin(list(keys))).groupBy(key.alias("key"))
    rows = found.agg(F.first(words).alias("words"), F.sort_array(F.collect_set("label")).alias("labels"))
    return tuple(Contradiction(row.words, tuple(row.labels)) for row in rows.orderBy("key").collect())


def _telling(documents: DataFrame, sizes: Sizes) -> dict[str, tuple[str, ...]]:
    """The words of each class whose share of its documents differs most surely from that of the other classes'.

    The z-score of the smoothed log odds ratio. Source: B. Monroe et al., Fightin' Words, Political Analysis 16, 2008.
    """
    in_class = {label: of_label["train"] for label, of_label in sizes.items()}
    sizes_of_classes = F.create_map(*(F.lit(part) for size in in_class.items() for part in size))
    of_class = documents.sparkSession.range(1).select(F.explode(sizes_of_classes).alias("label", "documents"))
    training = documents.where("split = 'train'")
    words = training.select("label", F.explode(F.array_distinct(F.split(F.col("tokens")[0], " "))).alias("word"))
    counts = words.where("word != ''").groupBy("label", "word").agg(F.count(F.lit(1)).alias("here"))
    everywhere = counts.withColumn("all", F.sum("here").over(Window.partitionBy("word")))
    with_sizes = everywhere.join(F.broadcast(of_class), "label")
    elsewhere, others = F.col("all") - F.col("here"), F.lit(sum(in_class.values())) - F.col("documents")
    odds = [_log_odds(F.col("here"), F.col("documents")), _log_odds(elsewhere, others)]
    error = F.sqrt(1 / (F.col("here") + SMOOTHING) + 1 / (elsewhere + SMOOTHING))
    scored = with_sizes.select("label", "word", ((odds[0] - odds[1]) / error).alias("z")).where("z > 2")
    best = Window.partitionBy("label").orderBy(F.desc("z"), "word")
    telling: dict[str, tuple[str, ...]] = {}
    kept = scored.withColumn("place", F.row_number().over(best)).where(F.col("place") <= TELLING)
    for label, _, word in sorted(kept.select("label", "place", "word").collect()):
        telling[label] = (*telling.get(label, ()), word)
    return telling


def _log_odds(documents: Column, of: Column) -> Column:
    return F.log((documents + SMOOTHING) / (of - documents + SMOOTHING))

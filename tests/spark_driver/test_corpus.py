"""Counting and encoding: the same documents give the same vocabulary and blocks, in equal shares."""

from collections import Counter

import pytest
from pyspark.sql import DataFrame, SparkSession

from run.config import TextConfig
from spark_driver import corpus
from spark_driver.documents import PREPARED, UNLABELLED
from spark_driver.session import BOUNDS
from tests.encoded import word_language
from text.blocks import Block
from text.counts import UNSEEN
from text.encoding import BLOCK_DOCUMENTS
from text.vocabulary import Vocabulary

pytestmark = pytest.mark.integration


def rows(spark: SparkSession, *documents: tuple[str, str, str], partitions: int = 1) -> DataFrame:
    """Returns prepared rows of (split, label, tokens)."""
    return spark.createDataFrame(
        [(split, label, [tokens], None, "file", None, None, 1) for split, label, tokens in documents], PREPARED
    ).repartition(partitions)


def usable(frame: DataFrame) -> DataFrame:
    return frame.select("split", "label", "tokens")


def rejected(spark: SparkSession, reason: str) -> DataFrame:
    return spark.createDataFrame([(None, None, None, reason, "file", "?", None, None)], PREPARED)


def test_rows_are_counted_by_split_label_and_reason(spark: SparkSession) -> None:
    frame = rows(spark, ("train", "y", "a"), ("train", "x", "b"), ("test", "x", "c")).union(rejected(spark, "no label"))
    counts = corpus.count(frame)
    assert counts.read == 4
    assert counts.documents == {"train": 2, "validation": 0, "test": 1}
    assert counts.labels == ("x", "y")
    assert counts.rejected == {"no label": 1}


def test_a_label_that_training_never_saw_is_quarantined(spark: SparkSession) -> None:
    frame = rows(spark, ("train", "x", "a"), ("test", "z", "b c"))
    counts = corpus.count(frame)
    assert counts.documents["test"] == 0
    assert counts.rejected == {UNSEEN: 1}
    assert corpus.documents(frame, counts).count() == 1
    assert [row.asDict() for row in corpus.quarantine(frame, counts).collect()] == [
        {"reason": UNSEEN, "source": "file", "row": "b c\tz"}
    ]


def test_unlabelled_documents_are_counted_by_themselves_and_are_no_others(spark: SparkSession) -> None:
    labelled = rows(spark, ("train", "x", "a"), ("test", "z", "b"))
    frame = labelled.union(
        spark.createDataFrame(
            [(UNLABELLED, None, [tokens], None, "f", None, None, 1) for tokens in ("c", "d")], PREPARED
        )
    )
    counts = corpus.count(frame)
    assert (counts.read, counts.unlabelled, counts.documents["train"]) == (4, 2, 1)
    assert (counts.rejected, counts.labels) == ({UNSEEN: 1}, ("x",))
    assert counts.checksum == corpus.count(labelled).checksum
    assert corpus.documents(frame, counts).count() == 1
    assert corpus.quarantine(frame, counts).count() == 1
    assert corpus.count(labelled).unlabelled is None


def test_the_checksum_is_of_the_documents_that_can_be_used_whatever_their_order(spark: SparkSession) -> None:
    documents = [("train", "x", "a b"), ("train", "y", "c"), ("validation", "x", "a")]
    checksum = corpus.count(rows(spark, *documents)).checksum
    other_order = rows(spark, *reversed(documents), ("test", "unseen", "a"), partitions=2)
    assert corpus.count(other_order.union(rejected(spark, "no label"))).checksum == checksum
    for changed in [("train", "x", "b a"), ("train", "y", "a b"), ("test", "x", "a b")]:
        assert corpus.count(rows(spark, changed, *documents[1:])).checksum != checksum


def test_golden_texts_are_of_documents_that_can_be_used(spark: SparkSession) -> None:
    documents = [
        ("train", "x", ["甲"], None, "file", None, "甲", 1),
        ("train", "y", ["乙 丙"], None, "file", None, "乙丙", 2),
        ("train", "y", ["丁"], None, "file", None, None, 1),
        ("test", "z", ["丁"], None, "file", None, "丁", 1),
    ]
    frame = spark.createDataFrame(documents, PREPARED)
    assert set(corpus.golden(frame, corpus.count(frame), 8)) == {"甲", "乙丙"}


def test_the_vocabulary_is_that_of_the_training_documents(spark: SparkSession) -> None:
    documents = [("train", "x", "甲 乙 𠀀 乙"), ("train", "y", "丙 甲 𠀀 丁"), ("test", "x", "戊 戊 戊")]
    text = TextConfig(views=("word",), vocabulary_size=5, min_count=1)
    found = corpus.vocabularies(rows(spark, *documents, partitions=3), text)["word"]
    counts = Counter(["甲", "乙", "𠀀", "乙", "丙", "甲", "𠀀", "丁"])
    assert found == Vocabulary.of_counts(counts, 5, 1)
    assert found.tokens == ("乙", "甲", "𠀀")  # equal counts in code point order


def test_each_view_has_a_vocabulary_of_its_own(spark: SparkSession) -> None:
    documents = [
        ("train", "x", ["甲 甲 乙", "丙"], None, "file", None, None, 1),
        ("train", "y", ["乙", "丙 丁"], None, "file", None, None, 1),
    ]
    text = TextConfig(views=("word", "char"), vocabulary_size=3, min_count=1)
    found = corpus.vocabularies(spark.createDataFrame(documents, PREPARED).repartition(2), text)
    assert found == {"word": Vocabulary(("乙",)), "char": Vocabulary(("丙",))}


def test_what_is_counted_is_kept_in_as_few_partitions_as_it_fills(spark: SparkSession) -> None:
    context, group = spark.sparkContext, "counting"
    as_in_a_session = {key: value for key, value in BOUNDS.items() if key.startswith("spark.sql.optimizer.")}
    settings = as_in_a_session | {"spark.sql.shuffle.partitions": "50"}
    before = {key: spark.conf.get(key) for key in settings}
    try:
        for key, value in settings.items():
            spark.conf.set(key, value)
        context.setJobGroup(group, "tokens")
        documents = [("train", "x", ["甲 乙", "丙"], None, "file", None, None, 1)]
        text = TextConfig(views=("word", "char"), min_count=1)
        found = corpus.vocabularies(spark.createDataFrame(documents, PREPARED), text)
    finally:
        for key, kept in before.items():
            spark.conf.set(key, str(kept))
    assert found == {"word": Vocabulary(("乙", "甲")), "char": Vocabulary(("丙",))}
    tracker = context.statusTracker()
    jobs = [job for number in tracker.getJobIdsForGroup(group) if (job := tracker.getJobInfo(number))]
    stages = [stage for job in jobs for number in job.stageIds if (stage := tracker.getStageInfo(number))]
    assert stages
    assert max(stage.numTasks for stage in stages) < 10


def test_blocks_hold_every_document_once_in_equal_shares(spark: SparkSession) -> None:
    count = 3 * 5 * BLOCK_DOCUMENTS  # an odd number of blocks for two workers, in each of three partitions
    training = rows(spark, *(("train", "xy"[i % 2], f"w{i}") for i in range(count)), partitions=3)
    language = word_language([f"w{i}" for i in range(count)], "xy")
    frame = usable(training.union(rows(spark, ("test", "x", "w1 w2"), ("test", "y", ""))))
    shares = corpus.blocks(frame, language, 2).glom().collect()
    blocks = [[Block.from_bytes(data) for data in share] for share in shares]
    names = [(block.partition, block.sequence) for share in blocks for block in share]
    assert len(set(names)) == len(names)
    seen = Counter((b.split, *ids["word"].tolist(), label) for share in blocks for b in share for ids, label in b)
    assert seen == Counter([*(("train", i + 2, i % 2) for i in range(count)), ("test", 3, 4, 0), ("test", 1)])
    numbers = [sum(len(block) for block in share if block.split == "train") for share in blocks]
    assert sorted(numbers) == [7 * BLOCK_DOCUMENTS, 8 * BLOCK_DOCUMENTS]


def test_rows_that_a_person_reads_are_bounded_and_of_every_reason(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(corpus, "QUARANTINED", 4)
    frame = rows(spark, ("train", "x", "a"), ("test", "z", "b"))
    for _ in range(9):
        frame = frame.union(rejected(spark, "no label"))
    counts = corpus.count(frame)
    assert counts.rejected == {"no label": 9, UNSEEN: 1}
    shown = Counter(row["reason"] for row in corpus.quarantine(frame, counts).collect())
    assert shown == {"no label": 2, UNSEEN: 1}


def test_fewer_documents_than_workers_leave_some_without(spark: SparkSession) -> None:
    frame = usable(rows(spark, ("train", "x", "a"), ("train", "y", "b")))
    shares = corpus.blocks(frame, word_language("a", "xy"), 3).glom().collect()
    assert len(shares) == 3
    assert sum(len(share) for share in shares) == 1

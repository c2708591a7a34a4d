"""A corpus that Spark has prepared: the same as that of any other engine, in however many splits its input comes."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from prepared import documents, parts
from prepared.folder import read
from prepared.manifest import Manifest
from run.config import RunConfig
from run.errors import SettingsError
from run.result import Result
from spark_driver import corpus, prepare
from spark_driver.prepared_corpus import of_corpus
from spark_driver.run_folder import RunFolder
from tests.prepared import engine
from tests.prepared.engine import SOURCE, line
from tests.spark_driver.splits import in_splits
from text.blocks import Block
from text.counts import UNSEEN
from text.errors import DataError
from text.segmenter import Segmenter
from text.vocabulary import UNKNOWN

pytestmark = pytest.mark.integration

TEXTS = ["这本书很好看", "内容不好", "5G手机很好", "服务很差", "C++ 很难", "南京市长江大桥", "T恤不错", "房间很小"]
ROWS = [
    *(line(f"{text}{number}", "好评" if number % 3 else "差评") for number in range(40) for text in TEXTS),
    *(line(f"{text}很好", f"只有一行 {number}") for number, text in enumerate(TEXTS)),
    *[b"not JSON", line("", "x"), line("x", ""), b'{"text": "\xff"}', b"not JSON either"],
]
USER_DICTIONARY, STOP_WORDS = ("很好看 1000",), ("的", "很")


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> RunConfig:
    """Rows that can be used and rows that cannot, a user dictionary and stop words, in files."""
    folder = tmp_path_factory.mktemp("input")
    rows = folder / Path(SOURCE).name
    rows.write_bytes(b"\n".join(ROWS) + b"\n")
    (folder / "words.txt").write_text("\n".join(USER_DICTIONARY), encoding="utf-8")
    (folder / "stop_words.txt").write_text("\n".join(STOP_WORDS), encoding="utf-8")
    text = replace(
        engine.CONFIG.text, user_dictionary=str(folder / "words.txt"), stop_words=str(folder / "stop_words.txt")
    )
    data = replace(engine.CONFIG.data, input=str(rows), test_fraction=0.3)
    return replace(engine.CONFIG, data=data, text=text)


@pytest.fixture(scope="module", autouse=True)
def several_parts() -> object:
    """A corpus of this size would have one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(documents, "DOCUMENTS_OF_PART", 64)
        yield


@pytest.fixture(scope="module")
def expected(config: RunConfig, tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    """What the smallest engine makes of the same rows."""
    segmenter = Segmenter(USER_DICTIONARY, frozenset(STOP_WORDS))
    return engine.prepare([ROWS], tmp_path_factory.mktemp("expected") / "corpus", config, segmenter)


def in_spark(spark: SparkSession, config: RunConfig, folder: Path) -> tuple[Manifest, Result]:
    run_folder, result = RunFolder(str(folder / "run"), "a-run"), Result()
    run_folder.create()
    return prepare.prepared(spark, str(folder / "corpus"), config, run_folder, result), result


@pytest.mark.parametrize("splits", [1, 3, 8])
def test_it_is_that_of_any_engine_in_however_many_splits(
    splits: int, spark: SparkSession, config: RunConfig, expected: Manifest, tmp_path: Path
) -> None:
    with in_splits(spark, config.data, splits):
        assert spark.read.text(str(config.data.input)).rdd.getNumPartitions() == splits
        manifest, result = in_spark(spark, config, tmp_path)
    assert manifest._content() == expected._content()
    assert manifest.hash == expected.hash
    assert len(manifest.parts) > 1
    assert result.rejected == manifest.rejected
    assert set(result.rejected) == {"empty text", "no label", "not JSON", "not UTF-8", UNSEEN}
    assert result.rows.read == len(ROWS) == manifest.read
    quarantine = (tmp_path / "run" / "quarantine.jsonl").read_text(encoding="utf-8")
    assert quarantine == read(str(tmp_path / "corpus")).quarantine
    assert Counter(json.loads(row)["reason"] for row in quarantine.splitlines()) == result.rejected
    assert "很" not in read(str(tmp_path / "corpus")).language.vocabularies["word"].tokens


@pytest.fixture(scope="module")
def prepared(spark: SparkSession, config: RunConfig, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus in a folder."""
    folder = tmp_path_factory.mktemp("prepared")
    in_spark(spark, config, folder)
    return folder / "corpus"


def test_spark_reads_the_documents_as_any_parquet(spark: SparkSession, prepared: Path) -> None:
    found = spark.read.parquet(str(prepared / "documents"))
    assert found.dtypes == [("split", "string"), ("label", "string"), ("word", "array<int>"), ("char", "array<int>")]
    counts = {row["split"]: row["count"] for row in found.groupBy("split").count().collect()}
    assert counts == read(str(prepared)).manifest.documents


def test_every_document_is_in_a_block_of_one_worker(spark: SparkSession, prepared: Path) -> None:
    found = read(str(prepared))
    shares = corpus.blocks_of_parts(spark, found, 2).glom().collect()
    blocks = [Block.from_bytes(data) for share in shares for data in share]
    assert all(shares)
    assert len({(block.partition, block.sequence) for block in blocks}) == len(blocks)
    classes = found.language.classes
    expected = Counter(
        (d.split, classes[d.label], *d.ids["word"], -1, *d.ids["char"])
        for part in found.manifest.parts
        for d in parts.read(str(prepared), part, found.manifest.views, found.manifest.labels)
    )
    assert expected == Counter(
        (block.split, label, *ids["word"], -1, *ids["char"]) for block in blocks for ids, label in block
    )


def test_the_words_for_vectors_are_the_known_ones_of_training(spark: SparkSession, prepared: Path) -> None:
    found = read(str(prepared))
    known = found.language.vocabularies["word"]
    documents = [
        d
        for part in found.manifest.parts
        for d in parts.read(str(prepared), part, found.manifest.views, found.manifest.labels)
    ]
    training = Counter(int(i) for d in documents if d.split == "train" for i in d.ids["word"] if i > UNKNOWN)
    rows = corpus.words_of_parts(spark, found).collect()
    assert Counter(i for row in rows for i in known.encode(row["words"].split())) == training


def test_a_run_file_that_asks_for_something_else_is_refused(
    spark: SparkSession, config: RunConfig, prepared: Path, tmp_path: Path
) -> None:
    run_folder, result = RunFolder(str(tmp_path), "a-run"), Result()
    run_folder.create()
    other = replace(config, text=replace(config.text, min_count=3, stop_words=None))
    with pytest.raises(
        SettingsError, match=r"text\.min_count was 1 and is 3; text\.stop_words had 2 words .* has none"
    ):
        of_corpus(spark, str(prepared), other, run_folder, result)
    strict = replace(config, data=replace(config.data, max_bad_fraction=0.0))
    with pytest.raises(DataError, match=r"\d+ of 333 rows cannot be used"):
        of_corpus(spark, str(prepared), strict, run_folder, result)


def test_a_corpus_is_not_written_over(prepared: Path, tmp_path: Path) -> None:
    arguments = ["--config", "examples/reviews.toml", "--output", str(prepared), "--out", str(tmp_path)]
    assert prepare.main(arguments) == 2
    assert "something in" in json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))["error"]

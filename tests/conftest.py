"""What the tests share: shares of documents, and a tiny model whose answers are known by hand."""

import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from math import log
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import numpy as np
import pytest

from run.config import DataConfig, ModelConfig, RunConfig, TextConfig
from tests.encoded import word_block, word_language
from text.language import Language
from trainer.place import Place
from trainer.spool import Documents, Share

if TYPE_CHECKING:  # TensorFlow takes seconds to import: only the tests that need it pay for it
    from pyspark.sql import SparkSession

    from trainer.collective import Collective
    from trainer.mixture import Mixture
    from trainer.models.textcnn import TextCNN

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
hypothesis.settings.register_profile("unit", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("unit")

GOLDEN = ("好", "坏，坏", "书 好坏", "😀")
"""Texts that the model that is known by hand is held to."""

SLOW_FIXTURES = {"spark", "exported"}
"""A test that starts Spark, or has a model exported, is none of the quick ones."""


def pytest_configure() -> None:
    """A session that is terminated ends as one that is interrupted: the daemons that it has started are taken down."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks the tests that are not quick."""
    for item in items:
        fixtures = set(item.fixturenames) if isinstance(item, pytest.Function) else set()
        if fixtures & SLOW_FIXTURES and not item.get_closest_marker("yarn"):
            item.add_marker("integration")


ShareOf = Callable[[Sequence[tuple[list[int], int]]], Share]


@pytest.fixture(scope="session")
def share_of() -> ShareOf:
    """Makes a share of (token ids, label) pairs."""

    def make(documents: Sequence[tuple[list[int], int]]) -> Share:
        if not documents:
            empty = np.empty(0, np.int32)
            return Share(empty, {"word": Documents(empty, np.empty(0, np.int64), empty)})
        block = word_block("train", 0, 0, documents)
        words = block.views["word"]
        return Share(
            block.labels, {"word": Documents(words.ids, np.cumsum(words.lengths) - words.lengths, words.lengths)}
        )

    return make


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[SparkSession]":
    """A small Spark in this process, with two task slots; the tests on real executors have their own."""
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    builder = builder.config("spark.sql.shuffle.partitions", "2").config("spark.log.level", "ERROR")
    with builder.config("spark.local.dir", str(tmp_path_factory.mktemp("spark"))).getOrCreate() as session:
        yield session


@pytest.fixture(scope="session")
def collective() -> "Collective":
    """The only worker, with one core; made before anything else of TensorFlow."""
    from trainer.collective import Collective

    return Collective(Place(worker=0, workers=1, cores=1))


@pytest.fixture(scope="session")
def known_config() -> RunConfig:
    """The run of the model that is known by hand."""
    return RunConfig(
        name="known",
        data=DataConfig(input="reviews.tsv"),
        text=TextConfig(views=("word",), max_length=4),
        model=ModelConfig(
            networks=("textcnn",),
            embedding_size=2,
            widths=(1,),
            filters=2,
            dropout=0.0,
            embedding_dropout=0.0,
            token_dropout=0.0,
        ),
    )


@pytest.fixture(scope="session")
def known_weights() -> list[np.ndarray]:
    """好 (2) speaks with odds of 3 to 1 for class 0, 坏 (3) for class 1, everything else for neither.

    The padding's vector would speak loudly if anyone listened to it.
    """
    embedding = np.array([[9, 9], [0, 0], [1, 0], [0, 1]], np.float32)
    return [
        np.eye(2, dtype=np.float32)[None],
        np.zeros(2, np.float32),
        embedding,
        log(3) * np.eye(2, dtype=np.float32),
        np.zeros(2, np.float32),
    ]


@pytest.fixture(scope="session")
def known_model(collective: "Collective", known_config: RunConfig, known_weights: list[np.ndarray]) -> "TextCNN":
    """The model that is known by hand."""
    from trainer.models.textcnn import TextCNN

    assert collective.place.is_chief
    model = TextCNN(known_config.model, {"word": 4}, classes=2, seed=1)
    model.set_weights(known_weights)
    return model


@pytest.fixture(scope="session")
def known_mixture(known_model: "TextCNN") -> "Mixture":
    """The model that is known by hand, with a naive Bayes that has no say."""
    from trainer.mixture import Mixture
    from trainer.naive_bayes import NaiveBayes

    return Mixture({"textcnn": known_model}, NaiveBayes(np.zeros(2), {"word": np.zeros((4, 2))}))


@pytest.fixture(scope="session")
def known_language() -> Language:
    """Words and labels of the model that is known by hand."""
    return word_language(["好", "坏"], ["好评", "差评"])


@pytest.fixture(scope="session")
def exported(
    known_mixture: "Mixture",
    known_language: Language,
    known_config: RunConfig,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """The model that is known by hand, exported; not to be changed."""
    from trainer.export import export

    folder = tmp_path_factory.mktemp("exported") / "model"
    export(known_mixture, known_language, known_config, {"rows": {"train": 7}, "metrics": {}}, GOLDEN, folder)
    return folder

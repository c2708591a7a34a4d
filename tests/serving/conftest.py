"""The model that servers are asked for."""

from pathlib import Path

import numpy as np
import pytest

from run.config import DataConfig, ModelConfig, RunConfig
from text.language import Language
from text.segmenter import Segmenter
from text.vocabulary import Vocabulary
from trainer.collective import Collective
from trainer.export import check, export
from trainer.mixture import Mixture
from trainer.models.build import networks
from trainer.naive_bayes import NaiveBayes

TEXTS = (
    "这本书写得很好，值得一读",
    "iPhone15 Pro很不错😀",
    "南京市长江大桥",
    "　全角　ＡＢＣ　",
    "好",
    "的的的",
    "a" * 300 + "好" * 300,
)


@pytest.fixture(scope="session")
def model(collective: Collective, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A version of a model, in a folder of such: every kind of network and view, a user dictionary and stop words."""
    assert collective.place.is_chief
    config = RunConfig(
        data=DataConfig(input="documents.tsv"),
        model=ModelConfig(
            networks=("textcnn", "textcnn", "textrnn", "mlp", "logistic_regression"),
            embedding_size=8,
            filters=8,
            units=8,
        ),
    )
    segmenter = Segmenter(("长江大桥呀", "iPhone15 9"), frozenset({"的", "，"}))
    words, characters = ("这", "本书", "写", "得", "很", "好", "南京市"), ("书", "好", "A", "的")
    language = Language(
        segmenter,
        {
            "word": Vocabulary(words),
            "char": Vocabulary(characters),
            "word2": Vocabulary(("很‿好",)),
            "char2": Vocabulary(("很‿好", "南‿京")),
        },
        ("好评", "中评", "差评"),
    )
    random = np.random.default_rng(3)
    built = networks(config.model, language.sizes, 3, seed=1)
    for network in built.values():
        network.set_weights([random.normal(size=weight.shape) for weight in network.get_weights()])
    tables = {view: random.normal(size=(size, 3)) for view, size in language.sizes.items()}
    mixture = Mixture(built, NaiveBayes(np.zeros(3), tables), random.random(6))
    folder = tmp_path_factory.mktemp("model") / "1"
    export(mixture, language, config, {}, TEXTS, folder)
    check(folder)
    return folder

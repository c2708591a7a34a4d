"""An exported model in a program that is not ours: TensorFlow's Java API gives the golden answers for raw texts."""

import json
import shutil
import subprocess
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

pytestmark = pytest.mark.integration

HERE = Path(__file__).parent
JARS = Path("build/tensorflow-java")
LIMIT_SECONDS = 600
TEXTS = (
    "这本书写得很好，值得一读",
    "iPhone15 Pro很不错😀",
    "南京市长江大桥",
    "　全角　ＡＢＣ　",
    "好",
    "的的的",
    "a" * 300 + "好" * 300,
)


@pytest.fixture(scope="module")
def jars() -> Path:
    """TensorFlow for Java, fetched once."""
    if not JARS.is_dir():
        scratch = JARS.with_name(f"{JARS.name}-new")
        shutil.rmtree(scratch, ignore_errors=True)
        command = ["mvn", "-q", "-B", "-f", str(HERE / "pom.xml"), "dependency:copy-dependencies"]
        subprocess.run([*command, f"-DoutputDirectory={scratch.resolve()}"], check=True, timeout=LIMIT_SECONDS)
        scratch.rename(JARS)
    return JARS


@pytest.fixture(scope="module")
def model(collective: Collective, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One with every kind of network and view, a user dictionary and stop words."""
    assert collective.place.is_chief
    config = RunConfig(
        data=DataConfig(input="documents.tsv"),
        model=ModelConfig(
            networks=("textcnn", "textrnn", "mlp", "logistic_regression"), embedding_size=8, filters=8, units=8
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
    mixture = Mixture(built, NaiveBayes(np.zeros(3), tables), random.random(5))
    folder = tmp_path_factory.mktemp("java") / "model"
    export(mixture, language, config, {}, TEXTS, folder)
    check(folder)
    return folder


def test_java_gives_the_golden_answers_for_raw_texts(jars: Path, model: Path) -> None:
    lines = (model / "assets.extra" / "golden.jsonl").read_text(encoding="utf-8").splitlines()
    golden = [json.loads(line) for line in lines]
    answer = subprocess.run(
        ["java", "-Dfile.encoding=UTF-8", "-cp", f"{jars}/*", str(HERE / "Classify.java"), str(model)],
        input="".join(f"{example['text']}\n" for example in golden),
        capture_output=True,
        encoding="utf-8",
        timeout=LIMIT_SECONDS,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr[-3000:]
    answers = [line.split("\t") for line in answer.stdout.splitlines()]
    assert [label for label, *_ in answers] == [example["label"] for example in golden]
    probabilities = np.array([[float(number) for number in row] for _, *row in answers])
    assert probabilities == pytest.approx(np.array([example["probabilities"] for example in golden]), abs=1e-5)

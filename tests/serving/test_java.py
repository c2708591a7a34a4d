"""An exported model in a program that is not ours: TensorFlow's Java API gives the golden answers for raw texts."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.integration

HERE = Path(__file__).parent
JARS = Path("build/tensorflow-java")
LIMIT_SECONDS = 600


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

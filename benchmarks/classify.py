"""Texts classified on Spark against one call of the model a text, both with two cores; prints the figures as JSON.

python -m benchmarks.classify MODEL   # the folder of a run, of its models, or of one version
"""

import json
import logging
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import tensorflow as tf

from benchmarks import reviews
from trainer.serving import Classifier

COPIES = 12
"""Of the reviews: enough that the start of the executors' TensorFlow is a small part."""
FILES = 8
ONE_BY_ONE = 2_000
LIMIT_SECONDS = 600


def on_spark(model: str, texts: list[str]) -> float:
    """Texts/s of the job, from the input's first look to the last count, on 2 executors × 1 core."""
    program = Path(sys.executable).with_name("textcnn")
    with TemporaryDirectory() as folder:
        given = Path(folder, "in")
        given.mkdir()
        for number in range(FILES):
            lines = "".join(f"{text}\n" for text in texts[number::FILES])
            (given / f"{number}.txt").write_text(lines * COPIES, encoding="utf-8")
        out = Path(folder, "out")
        command = [str(program), "predict", model, "--input", str(given), "--format", "text", "--output", str(out)]
        subprocess.run(command, check=True, capture_output=True, timeout=LIMIT_SECONDS)
        result = json.loads((out / "result.json").read_text(encoding="utf-8"))
        assert result["predicted"] == COPIES * len(texts)
        return float(result["documents_per_second"])


def one_by_one(model: str, texts: list[str]) -> float:
    """Texts/s of a call of the model for each, with all cores of this machine."""
    classifier = Classifier(model)  # its tables end with it
    classify = classifier.signatures["serving_default"]
    some = [tf.constant([text]) for text in texts[:: len(texts) // ONE_BY_ONE]]
    classify(text=some[0])
    begun = time.perf_counter()
    for text in some:
        classify(text=text)
    return len(some) / (time.perf_counter() - begun)


def main(model: str) -> dict[str, float]:
    """Measures."""
    texts = [" ".join(text.split()) for text, _ in reviews.rows()]
    spark, single = on_spark(model, texts), one_by_one(model, texts)
    return {"on Spark, texts/s": spark, "one by one, texts/s": single, "on Spark / one by one": spark / single}


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    print(json.dumps(main(sys.argv[1])))

"""How fast an exported model classifies raw texts, and what it costs to load; prints the figures as a line of JSON.

python -m benchmarks.serving MODEL   # the folder of a run, of its models, or of one version
"""

import json
import logging
import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

import tensorflow as tf

from benchmarks import reviews
from trainer.serving import BATCH, Classifier

LONG = 10_000_000
"""Bytes of the long texts."""


def seconds(work: Callable[[], object], repeat: int = 5) -> float:
    """The median time that something takes, after a first time."""
    work()
    times = []
    for _ in range(repeat):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return median(times)


def long(text: str) -> tf.Tensor:
    """The text again and again, as the only one of a batch."""
    encoded = text.encode()
    whole = (encoded * (LONG // len(encoded) + 1))[:LONG]
    return tf.constant([whole.decode(errors="ignore")])


def main(path: str) -> dict[str, float]:
    """Measures, with all the machine's cores."""
    begun = time.perf_counter()
    classifier = Classifier(path)
    loaded = time.perf_counter() - begun
    classify = classifier.signatures["serving_default"]
    texts = [text for text, _ in reviews.rows()][: 40 * BATCH]
    batches = [tf.constant(texts[start : start + BATCH]) for start in range(0, len(texts), BATCH)]
    joined = "".join(texts)
    hundred = tf.constant([joined[:100]])
    run = "".join(character for character in joined if "\u4e00" <= character <= "\u9fd5")
    with ThreadPoolExecutor(2) as pool:
        together = seconds(lambda: list(pool.map(lambda batch: classify(text=batch), batches)))
    size = sum(file.stat().st_size for file in Path(classifier.uri).rglob("*") if file.is_file())
    return {
        "texts/s, batches of 256": len(texts) / seconds(lambda: [classify(text=batch) for batch in batches]),
        "texts/s, batches of 256, two at once": len(texts) / together,
        "ms for a text of 100 characters": 1_000 * seconds(lambda: classify(text=hundred), 200),
        "s for a text of 10 MB": seconds(lambda: classify(text=long(joined)), 1),
        "s for one of them without punctuation": seconds(lambda: classify(text=long(run)), 1),
        "s to load and verify": loaded,
        "MB on disk": size / 1e6,
        "MB of memory at most": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3,
    }


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    print(json.dumps(main(sys.argv[1])))

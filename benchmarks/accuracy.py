"""Test accuracy and macro-F1 of several seeds in one process: of the model, on new texts too, and of each member.

python -m benchmarks.accuracy RUN.toml [--set section.key=value …] [--seeds N]

Prints a line a seed, then means, ranges and standard deviations. New texts are test documents whose text stands in
no training or validation document. The run file's inputs are local files. Settings are chosen on the validation
documents; the test is looked at once.
"""

import argparse
import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from statistics import mean, stdev
from tempfile import TemporaryDirectory

from pyspark.sql import SparkSession

from benchmarks.reviews import language
from run import settings
from run.config import CORPUS, RunConfig
from run.events import EpochDone, Event, Tested
from run.metrics import Evaluation
from run.splits import Split
from spark_driver import word_vectors
from text.encoding import encode
from text.language import Language
from text.preparation import Preparation, TokenizedDocument
from text.reading import read
from text.records import Document, split_of
from text.segmenter import Segmenter
from text.vectors import WordVectors
from trainer.collective import Collective
from trainer.judging import Judge
from trainer.place import laptop
from trainer.spool import Share, Spool
from trainer.step import ReplicatedModel
from trainer.training import shares_of, train

NEW_TEXTS = "model, new texts"


def documents(config: RunConfig, preparation: Preparation) -> Iterator[tuple[str, TokenizedDocument]]:
    """Prepares every usable row of the inputs, with its text."""
    data = config.data
    validation_fraction = 0.0 if data.validation else data.validation_fraction
    test_fraction = 0.0 if data.test else data.test_fraction
    inputs: list[tuple[str | None, Split | None]] = [
        (data.input or data.train, None),
        (data.validation, "validation"),
        (data.test, "test"),
    ]
    for path, split in inputs:
        for row in read(Path(path), data) if path else ():
            if isinstance(row, Document):
                prepared = preparation.document((row.text.encode(), row.label.encode()))
                yield (
                    row.text,
                    prepared._replace(split=split or split_of(row.text, validation_fraction, test_fraction)),
                )


def of_new_texts(prepared: Iterable[tuple[str, TokenizedDocument]]) -> list[TokenizedDocument]:
    """Returns the test documents whose text stands in no other split."""
    known = {text for text, document in prepared if document.split != "test"}
    return [document for text, document in prepared if document.split == "test" and text not in known]


def shares_in(folder: Path, documents: Iterable[TokenizedDocument], known: Language) -> dict[Split, Share]:
    """Encodes documents into a folder; leaves out labels that training does not know."""
    spool = Spool(folder, tuple(known.vocabularies))
    for block in encode((d for d in documents if d.label in known.classes), 0, known):
        spool.add(block.to_bytes())
    return shares_of(spool)


def vectors_of(config: RunConfig, known: Language, prepared: Iterable[TokenizedDocument]) -> WordVectors | None:
    """Trains vectors of words with Spark on the training documents, where the run file says so."""
    if config.model.vectors is None:
        return None
    if config.model.vectors != CORPUS:
        raise SystemExit(f"Here model.vectors is {CORPUS!r} or nothing. Received: {config.model.vectors!r}")
    os.environ["PYSPARK_PYTHON"] = sys.executable
    with SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate() as spark:
        words = [(" ".join(d.tokens["word"]),) for d in prepared if d.split == "train" and d.tokens["word"]]
        frame = spark.createDataFrame(words, "words string")
        begun = time.monotonic()
        vectors = word_vectors.trained(
            frame, known.vocabularies["word"], config.model.embedding_size, config.train.seed
        )
        print(f"vectors of {len(vectors.ids)} words, {time.monotonic() - begun:.0f} s", flush=True)
    return vectors


def trained(
    config: RunConfig,
    known: Language,
    vectors: WordVectors | None,
    shares: Mapping[Split, Share],
    new: Share,
    seed: int,
    collective: Collective,
) -> dict[str, Evaluation]:
    """Trains with a seed; returns how the model and each of its members did on the test, and the model on new texts."""
    chosen = replace(config.train, seed=seed)
    model = ReplicatedModel(config.model, chosen, known.sizes, len(known.labels), collective)
    if vectors is not None:
        model.embed(vectors)
    events: list[Event] = []
    begun = time.monotonic()
    result = train(model, chosen, dict(shares), events.append)
    tested = next(event for event in events if isinstance(event, Tested))
    members = {name: Evaluation.of(member.confusion, None) for name, member in tested.members.items()}
    weights = ", ".join(f"{name} {member.weight:.3f}" for name, member in tested.members.items())
    print(
        f"seed {seed}: validation {max(e.validation_accuracy or 0 for e in events if isinstance(e, EpochDone)):.4f}, "
        f"accuracy {result.test.accuracy:.4f}, macro-F1 {result.test.macro_f1:.4f}, best epoch "
        f"{result.best_epoch} of {result.epochs}, weights {weights}, "
        f"{time.monotonic() - begun:.0f} s",
        flush=True,
    )
    on_new, _ = Judge(result.model, len(known.labels), collective).evaluate(new)
    return {"model": result.test, NEW_TEXTS: on_new} | members


def spread(values: list[float]) -> str:
    """Mean, least and most, and standard deviation where there are several values."""
    deviation = f", deviation {stdev(values):.4f}" if len(values) > 1 else ""
    return f"{mean(values):.4f} ({min(values):.4f}–{max(values):.4f}{deviation})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run_file", type=Path)
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    config = settings.read(RunConfig, options.run_file, options.set)
    segmenter = Segmenter()
    prepared = list(documents(config, Preparation.of(config.text, segmenter, lambda _: "train")))
    every = [document for _, document in prepared]
    known = language(config.text, segmenter, every)
    vectors = vectors_of(config, known, every)
    collective = Collective(laptop())
    with TemporaryDirectory() as folder:
        shares = shares_in(Path(folder) / "all", every, known)
        new = shares_in(Path(folder) / "new", of_new_texts(prepared), known)["test"]
        found = [trained(config, known, vectors, shares, new, n, collective) for n in range(1, options.seeds + 1)]
    print(f"{len(new)} of {len(shares['test'])} test documents have new texts")
    for name in found[0]:
        accuracies, f1s = [e[name].accuracy for e in found], [e[name].macro_f1 for e in found]
        print(f"{name}: accuracy {spread(accuracies)}, macro-F1 {spread(f1s)}")


if __name__ == "__main__":
    main()

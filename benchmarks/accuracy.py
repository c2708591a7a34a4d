"""Test accuracy and macro-F1 of several seeds in one process, and of each member; prints a line a seed, then the means.

python -m benchmarks.accuracy RUN.toml [--set section.key=value …] [--seeds N]

The run file's inputs are local files. Settings are chosen on the validation documents; the test is looked at once.
"""

import argparse
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory

from run import settings
from run.config import RunConfig, View
from run.events import EpochDone, Event, Tested
from run.metrics import Evaluation
from run.splits import Split
from text.encoding import encode
from text.language import Language
from text.preparation import Preparation, TokenizedDocument, token_counts
from text.reading import read
from text.records import Document, split_of
from text.segmenter import Segmenter
from text.vocabulary import Vocabulary
from trainer.collective import Collective
from trainer.place import laptop
from trainer.spool import Share, Spool
from trainer.step import ReplicatedModel
from trainer.training import shares_of, train


def documents(config: RunConfig, preparation: Preparation) -> Iterator[TokenizedDocument]:
    """Prepares every usable row of the inputs."""
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
                yield replace(prepared, split=split or split_of(row.text, validation_fraction, test_fraction))


def language(config: RunConfig, segmenter: Segmenter, prepared: list[TokenizedDocument]) -> Language:
    """Counts the training documents."""
    training = [document for document in prepared if document.split == "train"]
    vocabularies: dict[View, Vocabulary] = {}
    for view in config.text.views:
        counts = token_counts(document.tokens[view] for document in training)
        vocabularies[view] = Vocabulary.of_counts(counts, config.text.vocabulary_size, config.text.min_count)
    return Language(segmenter, vocabularies, tuple(sorted({document.label for document in training})))


def trained(
    config: RunConfig, known: Language, shares: Mapping[Split, Share], seed: int, collective: Collective
) -> dict[str, Evaluation]:
    """Trains with a seed; returns how the model and each of its members did on the test."""
    chosen = replace(config.train, seed=seed)
    model = ReplicatedModel(config.model, chosen, known.sizes, len(known.labels), collective)
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
    return {"model": result.test} | members


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run_file", type=Path)
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    config = settings.read(RunConfig, options.run_file, options.set)
    segmenter = Segmenter()
    prepared = list(documents(config, Preparation.of(config.text, segmenter, lambda _: "train")))
    known = language(config, segmenter, prepared)
    collective = Collective(laptop())
    with TemporaryDirectory() as folder:
        spool = Spool(Path(folder) / "spool", config.text.views)
        for block in encode((d for d in prepared if d.label in known.classes), 0, known):
            spool.add(block.to_bytes())
        shares = shares_of(spool)
        found = [trained(config, known, shares, seed, collective) for seed in range(1, options.seeds + 1)]
    for name in found[0]:
        accuracies, f1s = [e[name].accuracy for e in found], [e[name].macro_f1 for e in found]
        spread = f"{min(accuracies):.4f}–{max(accuracies):.4f}"
        print(f"{name}: accuracy {mean(accuracies):.4f} ({spread}), macro-F1 {mean(f1s):.4f}")


if __name__ == "__main__":
    main()

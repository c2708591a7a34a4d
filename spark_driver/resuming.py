"""Going on from the checkpoints of a run that was stopped: which run that is, and whether it learns the same."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from run import settings
from run.config import RunConfig
from run.errors import SettingsError
from run.terminal import Terminal
from spark_driver.errors import InterruptError, cause
from spark_driver.run_folder import RunFolder
from storage import StorageError
from text.counts import Counts
from text.language import Language
from trainer import checkpoint

SECTIONS = ("text", "model", "train")
"""What decides which documents come when, and what a step makes of them; where the documents lie does not."""
FREE = {
    # What is in these files shows in the documents' tokens.
    "text.user_dictionary",
    "text.stop_words",
    # What is in this file shows in the first checkpoint.
    "model.vectors",
    # When training ends, where the learning rate does not fall towards it, and how it is watched over.
    "train.epochs",
    "train.patience",
    "train.checkpoint_seconds",
    "train.stall_seconds",
    "train.max_restarts",
}
"""Keys that may be others than they were."""

Decisive = Mapping[str, Any]
"""What decides the sequence of documents and weights, as JSON has it, by name."""


@dataclass(frozen=True)
class Stopped:
    """A run that has left checkpoints."""

    run: str
    decisive: Decisive

    def check(self, now: Decisive) -> None:
        """Makes sure that this run learns what that one did, as far as it is known by now.

        Raises:
            SettingsError: something differs; with its name, what it was and what it is.
        """
        differing = [
            f"{name} was {_said(self.decisive.get(name))} and is {_said(value)}"
            for name, value in now.items()
            if self.decisive.get(name) != value
        ]
        if differing:
            raise SettingsError(
                f"The run {self.run} cannot go on as another one: {'; '.join(differing)}.",
                "Give all as it was, or begin a new run without --resume.",
            )


def of_config(config: RunConfig, workers: int) -> dict[str, Any]:
    """Returns what decides a training as far as it is known before the documents are read."""
    sections = settings.to_json(config)
    keys = {f"{name}.{key}": value for name in SECTIONS for key, value in sections[name].items()}
    scheduled = config.train.warmup > 0 or config.train.decay != "none"
    free = FREE - {"train.epochs"} if scheduled else FREE
    return {"workers": workers} | {name: value for name, value in keys.items() if name not in free}


def of_documents(counts: Counts, language: Language) -> dict[str, Any]:
    """Returns what decides a training besides: the documents, and what their tokens are to the model."""
    tokens = {view: "\n".join(vocabulary.tokens) for view, vocabulary in language.vocabularies.items()}
    return {
        **{f"{split} documents": number for split, number in counts.documents.items()},
        "checksum of the documents": counts.checksum,
        **{f"checksum of the vocabulary {view}": crc32(text.encode()) for view, text in tokens.items()},
    }


def stopped(folder: RunFolder, resume: bool) -> Stopped | None:
    """Returns the run to go on from; None for a run that begins.

    Args:
        folder: of this run; it goes on from its own checkpoints, where it has been begun before under the same name.
        resume: else from those that the newest run in the folder has left.

    Raises:
        SettingsError: no run has left any.
    """
    begun = folder.begun_runs()
    runs = [run for run in begun if run == folder.run] + (begun if resume else [])
    for run in runs:
        if folder.checkpoints_of(run):
            return Stopped(run, folder.decisive_of(run))
    if resume:
        raise SettingsError(
            f"There is nothing to go on from: no run has left a checkpoint in {folder.uri}; one that has published its "
            "model leaves none.",
            "Give --out the folder of a run that was stopped, or begin a new run without --resume.",
        )
    return None


@contextmanager
def kept_checkpoint_told(folder: RunFolder, terminal: Terminal) -> Iterator[None]:
    """Says how to go on with a run that a signal ends."""
    try:
        yield
    except (Exception, KeyboardInterrupt) as error:
        if isinstance(cause(error), InterruptError):
            with suppress(StorageError):  # what has ended the run is told all the same
                if names := folder.checkpoints_of(folder.run):
                    epoch, step = checkpoint.place_of(names[-1])
                    kept = f"its last checkpoint, of epoch {epoch}, step {step}, is kept"
                    terminal.say(f"{kept}: --out {folder.uri} --resume goes on from there")
        raise


def _said(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)

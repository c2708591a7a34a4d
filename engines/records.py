"""The records of a preparation, as those of every run: what was asked for, what came of it, and rows for a person."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import storage
from prepared.manifest import Manifest, check_labelled
from prepared.tally import Tally
from run import folder, settings, signals
from run.config import RunConfig
from run.errors import ExplainedError, SettingsError
from run.result import Result
from run.splits import SPLITS
from run.terminal import Terminal
from storage import StorageError
from text.errors import DataError, TextError

_OF_THE_USER = (DataError, SettingsError, StorageError)


@dataclass
class Records:
    """What a preparation tells, while it goes on."""

    out: str
    """The URI of the folder."""
    result: Result

    def counted(self, tally: Tally) -> None:
        """Takes in what the first pass has found.

        Raises:
            StorageError: it cannot be written down.
        """
        counts, rows = tally.counts(), self.result.rows
        rows.read, rows.quarantined = counts.read, sum(counts.rejected.values())
        for split in SPLITS:
            setattr(rows, split, counts.documents[split])
        self.result.rejected = counts.rejected
        lines = (json.dumps(row, ensure_ascii=False) for row in tally.quarantine())
        self.write(folder.QUARANTINE, "".join(f"{line}\n" for line in lines))

    def write(self, name: str, text: str) -> None:
        """Writes a file."""
        storage.write(storage.join(self.out, name), text.encode())


def recorded(
    out: str, config: RunConfig, terminal: Terminal, prepare: Callable[[Records], tuple[str, Manifest]]
) -> int:
    """Prepares, keeps the records, and returns the exit status: 0, 2 for what the user can fix, 1 for anything else.

    Args:
        out: the URI of the folder of the records.
        config: what is prepared.
        terminal: shows how it ends.
        prepare: returns the corpus's place and its manifest.

    Raises:
        StorageError: the records cannot be written.
    """
    records, begun = Records(storage.absolute(out), Result(folder.new_run())), time.monotonic()
    result = records.result
    storage.check_writable(records.out)
    for name in folder.RECORDS:
        storage.remove(storage.join(records.out, name))
    records.write(folder.CONFIG, _json(settings.to_json(config)))
    try:
        with signals.raised():
            check_labelled(config)
            result.prepared, manifest = prepare(records)
    except KeyboardInterrupt as interrupt:
        result.error = f"The preparation was ended by {interrupt or 'SIGINT'}."
    except Exception as error:  # noqa: BLE001 - the end of the program: its status tells it
        ours = isinstance(error, ExplainedError | TextError)
        result.error = str(error) if ours else f"{type(error).__name__}: {error}"
        result.exit_status = 2 if isinstance(error, _OF_THE_USER) else 1
    else:
        result.status, result.exit_status = "succeeded", 0
        result.prepared_hash = manifest.hash
        terminal.outcome(result, ())
    if result.error is not None:
        terminal.fail(result.error)
    result.seconds.total = result.seconds.prepare = time.monotonic() - begun
    records.write(folder.RESULT, result.to_json())
    return result.exit_status


def _json(values: Mapping[str, object]) -> str:
    return json.dumps(values, ensure_ascii=False, indent=2) + "\n"

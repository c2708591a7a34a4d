"""The folder that a stream writes to: what is in it, and where a stream that has ended is to go on."""

from pathlib import Path

from pydantic import TypeAdapter

from engines.flink.stream.request import Source
from run.errors import SettingsError


class Output:
    """A stream's folder."""

    def __init__(self, folder: str):
        """Takes the folder, which need not be there."""
        self._folder = Path(folder)
        self.predictions = self._folder / "predictions"
        self.quarantine = self._folder / "quarantine"
        self.counts = self._folder / "counts"
        self.checkpoints = self._folder / "checkpoints"
        self.log = self._folder / "scoring.log"
        self.lock = self._folder / "lock"
        self._source = self._folder / "stream.json"

    def begin(self, source: Source) -> None:
        """Makes the folder, or makes sure that it is of a stream that can be gone on with.

        Raises:
            SettingsError: it is of another, or of none.
        """
        adapter = TypeAdapter(Source)
        if self._source.exists():
            before = adapter.validate_json(self._source.read_bytes())
            if before != source:
                raise SettingsError(
                    f"{self._folder} has been begun with {before}. Received: {source}",
                    "Give the same arguments, or another --output.",
                )
            if self.newest_checkpoint() is None and self._has_rows():
                raise SettingsError(f"The stream of {self._folder} has come to its end.", "Give another --output.")
        elif self._folder.exists() and any(self._folder.iterdir()):
            raise SettingsError(f"There is something in {self._folder} that is no stream's.", "Give another --output.")
        else:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._source.write_bytes(adapter.dump_json(source, indent=1))

    def newest_checkpoint(self) -> Path | None:
        """Returns the folder of the checkpoint to go on from; None if there is none."""
        whole = sorted(self.checkpoints.glob("*/chk-*/_metadata"), key=lambda file: file.stat().st_mtime_ns)
        return whole[-1].parent if whole else None

    def _has_rows(self) -> bool:
        return any(any(folder.glob("part-*")) for folder in (self.predictions, self.quarantine))

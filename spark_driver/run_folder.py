"""A run's folder: configuration, metrics, quarantine, vocabulary, result and report."""

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import storage
from run import folder
from run.data_card import DataCard
from run.events import EpochDone, Event, Judged, from_json, to_json
from run.result import Result
from spark_driver import drawings, report
from spark_driver.errors import InputError
from spark_driver.report import Run
from storage import StorageError
from text.language import Language
from trainer import checkpoint


class RunFolder:
    """The files of a run, on a local disk or on HDFS. Each is written as a whole or line by line, in UTF-8."""

    def __init__(self, uri: str, run: str, tell: Callable[[str], object] = lambda _: None):
        """Names the folder, and the run in it; `create` makes it. `tell` is told of outages, which are waited for."""
        self.uri = uri
        self.run = run
        self._tell = tell
        self.created = False
        self._config: Mapping[str, Any] = {}
        self._labels: Sequence[str] = ()
        self._data_card: DataCard | None = None
        self._judged: Judged | None = None

    def create(self) -> None:
        """Makes the folder and forgets an earlier run's records in it; its models stay.

        Raises:
            InputError: it cannot be written.
        """
        try:
            self.uri = storage.absolute(self.uri)
            storage.check_writable(self.uri)
            for name in folder.RECORDS:
                storage.remove(self._file(name))
            self._metrics = storage.Log(self._file(folder.metrics(self.run)))
        except StorageError as error:
            raise InputError(f"The output folder cannot be used: {error} Give --out a folder that can.") from error
        self.created = True

    @property
    def models(self) -> str:
        """The folder of the model's versions."""
        return self._file(folder.MODELS)

    @property
    def checkpoints(self) -> str:
        """The folder of this run's checkpoints."""
        return self._file(folder.checkpoints(self.run))

    @property
    def predictions(self) -> str:
        """The folder of the predictions, as Spark names it."""
        return self._for_spark(folder.PREDICTIONS)

    @property
    def checkpoint(self) -> str:
        """The folder in which a stream keeps how far it is, as Spark names it."""
        return self._for_spark(folder.CHECKPOINT)

    def begun_runs(self) -> list[str]:
        """Returns the runs that have written down what decides their weights, and have no model; the newest first."""
        runs = storage.names(self._file(folder.CHECKPOINTS))
        return [run for run in reversed(runs) if storage.exists(self._file(folder.decisive(run)))]

    def checkpoints_of(self, run: str) -> list[str]:
        """Returns the names of a run's checkpoints."""
        return checkpoint.names(self._file(folder.checkpoints(run)))

    def decisive_of(self, run: str) -> dict[str, Any]:
        """Returns what has decided the weights in a run's checkpoints, by name."""
        values: dict[str, Any] = json.loads(storage.read(self._file(folder.decisive(run))))
        return values

    def write_decisive(self, values: Mapping[str, Any]) -> None:
        """Writes what decides the weights in this run's checkpoints."""
        storage.outlasting(lambda: storage.make_folder(self.checkpoints), self._tell)
        self.write_text(folder.decisive(self.run), json.dumps(values, ensure_ascii=False, indent=2) + "\n")

    def take_over(self, run: str) -> list[EpochDone]:
        """Makes the checkpoints and the epochs of a stopped run those of this one; returns the epochs.

        Raises:
            InputError: this run has checkpoints, or another run has taken those.
        """
        lines = [line for line in self._lines(run) if isinstance(from_json(line), EpochDone)]
        if run != self.run:
            source, target = self._file(folder.checkpoints(run)), self.checkpoints
            if not storage.move_folder(source, target):
                raise InputError(f"{source} cannot be renamed to {target}, which is there already. Give another --run.")
            for line in lines:
                self._metrics.add(line)
        return [event for line in lines if isinstance(event := from_json(line), EpochDone)]

    def remove_checkpoints(self) -> None:
        """Forgets them: the run has its model."""
        storage.outlasting(lambda: storage.remove(self.checkpoints), self._tell)

    def write_config(self, values: Mapping[str, Any]) -> None:
        """Writes config.json."""
        self._config = values
        self.write_text(folder.CONFIG, json.dumps(values, ensure_ascii=False, indent=2) + "\n")

    def write_language(self, language: Language) -> None:
        """Writes labels.txt and the vocabulary of each view."""
        self._labels = language.labels
        named = {folder.vocabulary(view): vocabulary.tokens for view, vocabulary in language.vocabularies.items()}
        named[folder.LABELS] = self._labels
        files = {self._file(name): _encoded(_of_lines(lines)) for name, lines in named.items()}
        storage.outlasting(lambda: storage.write_all(files), self._tell)

    def write_data_card(self, card: DataCard) -> None:
        """Writes data_card.json."""
        self._data_card = card
        self.write_text(folder.DATA_CARD, card.to_json())

    def write_text(self, name: str, text: str) -> None:
        """Writes a file."""
        storage.outlasting(lambda: storage.write(self._file(name), _encoded(text)), self._tell)

    def record(self, event: Event) -> None:
        """Adds a line to the run's metrics, with the time in seconds since 1970; test documents get their own file."""
        if isinstance(event, Judged):
            self._judged = event
            drawings.get_ready()  # while the model is exported
            return
        self._metrics.add(json.dumps({"time": round(time.time(), 3)} | json.loads(to_json(event))).encode())

    def quarantine(self, rows: Iterable[Mapping[str, str]]) -> None:
        """Writes rows that cannot be used to quarantine.jsonl."""
        lines = (json.dumps(row, ensure_ascii=False) for row in rows)
        self.write_text(folder.QUARANTINE, _of_lines(lines))

    def write_answers(self, view: str, models: Sequence[str], documents: Sequence[Sequence[int]]) -> None:
        """Writes test.json.

        Args:
            view: by whose token ids a document is known.
            models: who has answered.
            documents: of each its fingerprint, its class, and the class that each model chooses.
        """
        values = {"view": view, "models": models, "documents": documents}
        self.write_text(folder.TEST, json.dumps(values, ensure_ascii=False) + "\n")

    def write_result(self, result: Result) -> None:
        """Writes result.json and, of a run that has a configuration, test.json and the report."""
        values = result.to_json()
        self.write_text(folder.RESULT, values)
        storage.outlasting(self._metrics.close, self._tell)
        if not self._config:
            return
        metrics = [json.loads(line) for line in self._lines(self.run)]
        run = Run(self._config, metrics, json.loads(values), self._labels, self._judged, self._data_card)
        if self._judged:
            self.write_answers(run.first_view, self._judged.models, self._judged.documents)
        self.write_text(folder.REPORT_VALUES, json.dumps(report.values(run), ensure_ascii=False, indent=2) + "\n")
        self.write_text(folder.REPORT, report.html(run))

    def _lines(self, run: str) -> list[bytes]:
        """The lines of a run's metrics."""
        uri = self._file(folder.metrics(run))
        return storage.outlasting(lambda: list(storage.LogReader(uri).lines()), self._tell)

    def _for_spark(self, name: str) -> str:
        uri = self._file(name)
        return f"file://{storage.absolute(uri)}" if storage.is_local(uri) else uri

    def _file(self, name: str) -> str:
        return storage.join(self.uri, name)


def _of_lines(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")

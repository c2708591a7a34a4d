"""A run's folder: configuration, metrics, quarantine, vocabulary, result and report."""

import dataclasses
import json
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pyspark.sql import Row

from spark_driver.errors import InputError
from spark_driver.report import html
from spark_driver.result import Result
from trainer.events import Event, to_json

RECORDS = (
    "config.json",
    "labels.txt",
    "metrics.jsonl",
    "quarantine.jsonl",
    "report.html",
    "result.json",
    "vocabulary.txt",
)


class RunFolder:
    """The files of a run. Each is written as a whole or line by line, in UTF-8."""

    def __init__(self, path: Path):
        """Names the folder; `create` makes it."""
        self.path = path.absolute()

    def create(self) -> None:
        """Makes the folder and forgets an earlier run's records in it; its models stay.

        Raises:
            InputError: it cannot be written.
        """
        probe = self.path / f".{uuid.uuid4().hex}"
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            probe.touch()
            probe.unlink()
            for name in RECORDS:
                (self.path / name).unlink(missing_ok=True)
        except OSError as error:
            raise InputError(
                f"The output folder {self.path} cannot be written: {error.strerror or error}. "
                "Give --out a folder that can."
            ) from error

    @property
    def models(self) -> str:
        """The folder of the model's versions."""
        return str(self.path / "model")

    def write_json(self, name: str, value: Mapping[str, Any]) -> None:
        """Writes a file of one JSON object."""
        self.write_text(name, json.dumps(value, ensure_ascii=False, indent=2) + "\n")

    def write_lines(self, name: str, lines: Iterable[str]) -> None:
        """Writes a file of lines."""
        self.write_text(name, "".join(f"{line}\n" for line in lines))

    def write_text(self, name: str, text: str) -> None:
        """Writes a file."""
        (self.path / name).write_text(text, encoding="utf-8", errors="backslashreplace", newline="")

    def record(self, event: Event) -> None:
        """Adds a line to metrics.jsonl."""
        with (self.path / "metrics.jsonl").open("ab") as file:
            file.write(to_json(event) + b"\n")

    def quarantine(self, rows: Iterable[Row]) -> int:
        """Writes the rows that cannot be used to quarantine.jsonl, one at a time; returns their number."""
        lines = (json.dumps(row.asDict(), ensure_ascii=False) + "\n" for row in rows)
        with (self.path / "quarantine.jsonl").open("w", encoding="utf-8", newline="") as file:
            return sum(bool(file.write(line)) for line in lines)

    def write_result(self, result: Result) -> None:
        """Writes result.json, and the report that a person reads."""
        values = dataclasses.asdict(result)
        self.write_json("result.json", values)
        labels = self._read("labels.txt").splitlines()
        metrics = [json.loads(line) for line in self._read("metrics.jsonl").splitlines()]
        confusion: list[list[int]] = next((m["confusion"] for m in metrics if m["kind"] == "Tested"), [])
        config = json.loads(self._read("config.json") or "{}")
        self.write_text("report.html", html(config, metrics, values, labels, confusion))

    def _read(self, name: str) -> str:
        path = self.path / name
        return path.read_text(encoding="utf-8") if path.exists() else ""

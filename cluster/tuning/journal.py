"""What Optuna knows, in a file of the tuning's folder, on a local disk or on HDFS."""

import json
from collections.abc import Iterable
from typing import Any

from optuna.storages import JournalStorage
from optuna.storages.journal import BaseJournalBackend

import storage


class Journal(BaseJournalBackend):
    """Lines of JSON in a file that is replaced as a whole with each addition, so that a kill leaves no half of a line.

    It is for one launcher at a time: what another one adds meanwhile is lost.
    """

    def __init__(self, uri: str):
        """Reads what is there."""
        self._uri = uri
        self._lines = storage.read(uri).splitlines() if storage.exists(uri) else []

    def read_logs(self, log_number_from: int) -> Iterable[dict[str, Any]]:
        """Yields what was added, from a number on."""
        return map(json.loads, self._lines[log_number_from:])

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Adds what has happened."""
        self._lines += [json.dumps(log).encode() for log in logs]
        storage.write(self._uri, b"".join(line + b"\n" for line in self._lines))


def storage_in(uri: str) -> JournalStorage:
    """Returns Optuna's storage in a file."""
    return JournalStorage(Journal(uri))

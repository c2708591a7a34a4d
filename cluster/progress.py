"""Shows on the gateway what the workers tell in a run's metrics.jsonl."""

import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from rich.console import Console

PLAIN_SECONDS = 10.0
"""How often a step is told where no line can move."""


class Progress:
    """A line that moves where there is a terminal, plain lines elsewhere."""

    def __init__(self, console: Console):
        """Shows on a console."""
        self._console = console
        self._status = console.status("submitting")
        self._accuracy: float | None = None
        self._told_at = 0.0

    def __enter__(self) -> "Progress":
        self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._status.stop()

    def say(self, text: str) -> None:
        """Prints a line, and shows it until there is something newer."""
        self._status.update(text)
        self._print(text)

    def show(self, event: Mapping[str, Any]) -> None:
        """Shows a line of metrics.jsonl."""
        if event["kind"] == "Progress":
            self._step(event)
        elif event["kind"] == "EpochDone":
            self._accuracy = event["validation_accuracy"]
            self._print(
                f"epoch {event['epoch']}: {event['trained']} documents in {event['seconds']:.1f} s, "
                f"loss {event['loss']:.4f}, validation accuracy {_percent(self._accuracy)}"
            )

    def succeed(self, result: Mapping[str, Any]) -> None:
        """Prints how the model did and where it is."""
        if test := result.get("test"):
            self._print(f"test accuracy {_percent(test['accuracy'])}, {test['rows']} documents")
        self._print(f"trained {result.get('documents_per_second') or 0:,.0f} documents/s")
        self._print(f"model: {result.get('model')}")

    def fail(self, error: str) -> None:
        """Prints why the run has failed."""
        self._console.print(f"textcnn: {error}", style="red", markup=False, highlight=False, soft_wrap=True)

    def _step(self, event: Mapping[str, Any]) -> None:
        figures = (
            f"epoch {event['epoch']}, step {event['step']}/{event['steps']}, "
            f"{event['documents_per_second']:,.0f} documents/s, loss {event['loss']:.4f}, "
            f"validation accuracy {_percent(self._accuracy)}"
        )
        self._status.update(figures)
        if not self._console.is_terminal and time.monotonic() - self._told_at >= PLAIN_SECONDS:
            self._told_at = time.monotonic()
            self._print(figures)

    def _print(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.2f} %"

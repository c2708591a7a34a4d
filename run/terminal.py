"""The run in the terminal, the same on the gateway and in the driver: a line that moves, plain lines elsewhere."""

import time
from collections.abc import Mapping, Sequence
from types import TracebackType

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from run.events import EpochDone, Event, Joined, Progress, Published, Restarted, Resumed, Straggler, Tested, Warned
from run.result import Result

PLAIN_SECONDS = 10.0
"""How often a console that is no terminal gets a line."""
ADVICE = (
    "Try more validation documents (data.validation_fraction), text.views of more kinds, or train.patience above its "
    "default; data whose labels contradict each other cannot be learned."
)
MOST_CLASSES = 20
"""A larger confusion matrix has its place in the report."""


class Terminal:
    """Shows the stage of the run, step, documents/s, loss, validation accuracy and the time left."""

    def __init__(self, console: Console):
        """Shows on a console; nothing moves if it is not a terminal."""
        self.console = console
        self._bar = Bar(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[figures]}"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("", total=None, figures="")
        self._accuracy: float | None = None
        self._confusion: list[list[int]] = []
        self._hosts: dict[int, str] = {}
        self._shown_at = 0.0

    def __enter__(self) -> "Terminal":
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._bar.stop()

    def stage(self, name: str) -> None:
        """Begins a stage of the run."""
        self._bar.reset(self._task, total=None, description=name, figures="")
        self.say(name)

    def say(self, text: str) -> None:
        """Prints a line as it is."""
        self.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def advance(self, done: float, figures: str) -> None:
        """Shows the share of a stage that is done, and figures."""
        self._bar.update(self._task, total=1.0, completed=done, figures=figures)
        self._say_now_and_then(figures)

    def show(self, event: Event) -> None:
        """Shows what a worker tells."""
        if isinstance(event, Joined):
            self._hosts[event.worker] = event.host
        elif isinstance(event, Progress):
            self._progress(event)
        elif isinstance(event, EpochDone):
            self._accuracy = event.validation_accuracy
            self.say(
                f"epoch {event.epoch}: {event.trained} documents in {event.seconds:.1f} s, loss {event.loss:.4f}, "
                f"validation accuracy {percent(event.validation_accuracy)}, "
                f"macro-F1 {percent(event.validation_macro_f1)}"
            )
        elif isinstance(event, Resumed):
            self.say(f"going on from the checkpoint of epoch {event.epoch}, step {event.step}")
        elif isinstance(event, Warned):
            self.say(event.text)
        elif isinstance(event, Restarted):
            self.say(f"{event.cause}\nstarting all workers again, {event.restart} of {event.restarts} times at most")
        elif isinstance(event, Tested):
            self._confusion = event.confusion
        elif isinstance(event, Published):
            self.say(f"published {event.model}")

    def outcome(self, result: Result, labels: Sequence[str]) -> None:
        """Prints how the model did and where it is, or what was classified or prepared."""
        if result.predictions:
            self._predicted(result)
            return
        if result.prepared and not result.model:
            self._prepared(result)
            return
        if result.test:
            if self._confusion and len(labels) <= MOST_CLASSES:
                self.say("\n".join(_confusion_lines(labels, self._confusion)))
            self.say(
                f"test accuracy {percent(result.test.accuracy)}, macro-F1 {percent(result.test.macro_f1)}, "
                f"{result.test.rows} documents"
            )
        if result.members:
            alone = (f"{name} {percent(member.accuracy)}" for name, member in result.members.items())
            self.say(f"{'its members alone' if result.test else 'test accuracy'}: {', '.join(alone)}")
        better = [n for n, member in result.members.items() if result.test and member.accuracy > result.test.accuracy]
        if better:
            self.say(f"The model is below {' and '.join(better)} alone. {ADVICE}")
        if result.model:
            self.say(f"trained {result.documents_per_second or 0:,.0f} documents/s\nmodel: {result.model}")

    def _predicted(self, result: Result) -> None:
        self.say(
            f"{result.predicted or 0:,} rows predicted by {result.model}, {_quarantined(result)}\n"
            f"predictions: {result.predictions}"
        )

    def _prepared(self, result: Result) -> None:
        rows = result.rows
        self.say(
            f"{rows.train or 0:,} documents for training, {rows.validation or 0:,} for validation, {rows.test or 0:,} "
            f"for the test, {_quarantined(result)}\ncorpus: {result.prepared}\nhash: {result.prepared_hash}"
        )

    def fail(self, error: str) -> None:
        """Prints why the run has failed."""
        self.console.print(f"textcnn: {error}", style="red", markup=False, highlight=False, soft_wrap=True)

    def _progress(self, event: Progress) -> None:
        total, done = event.epochs * event.steps, (event.epoch - 1) * event.steps + event.step
        documents_left = (total - done) * event.documents / max(event.step, 1)
        figures = (
            f"epoch {event.epoch}/{event.epochs}, step {event.step}/{event.steps}, "
            f"{event.documents_per_second:,.0f} documents/s, loss {event.loss:.4f}, "
            f"validation accuracy {percent(self._accuracy)}, "
            f"at most {documents_left / max(event.documents_per_second, 1e-9):.0f} s left"
        )
        if event.straggler:
            figures += f", {slow(event.straggler, self._hosts)}"
        self._bar.update(self._task, total=total, completed=done, figures=figures)
        self._say_now_and_then(figures)

    def _say_now_and_then(self, figures: str) -> None:
        if not self.console.is_terminal and time.monotonic() - self._shown_at >= PLAIN_SECONDS:
            self._shown_at = time.monotonic()
            self.say(figures)


def _quarantined(result: Result) -> str:
    reasons = ", ".join(f"{reason}: {number:,}" for reason, number in sorted(result.rejected.items()))
    return f"{result.rows.quarantined or 0:,} quarantined{f' ({reasons})' if reasons else ''}"


def _confusion_lines(labels: Sequence[str], confusion: list[list[int]]) -> list[str]:
    names = [f"{number} {label}" for number, label in enumerate(labels, 1)]
    widest = max(map(cell_len, names))
    cell = max(len(str(number)) for row in confusion for number in (*row, len(labels))) + 2
    header = " " * widest + "".join(f"{number:>{cell}}" for number in range(1, len(labels) + 1))
    rows = zip(names, confusion, strict=True)
    lines = [set_cell_size(name, widest) + "".join(f"{number:>{cell}}" for number in row) for name, row in rows]
    return ["test documents, true labels in rows, predicted labels in columns:", header, *lines]


def slow(straggler: Straggler, hosts: Mapping[int, str]) -> str:
    """Returns which worker the others wait for, and for how long."""
    where = f" on {hosts[straggler.worker]}" if straggler.worker in hosts else ""
    return f"worker {straggler.worker}{where} takes {straggler.times:.1f} times as long as the others"


def percent(value: float | None) -> str:
    """Returns a share as the terminal shows it."""
    return "–" if value is None else f"{100 * value:.2f} %"

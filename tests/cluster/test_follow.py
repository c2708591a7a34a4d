"""What spark-submit says, and what a person gets to know of it."""

import io

from rich.console import Console

from cluster.follow import Application, Tail
from cluster.hdfs import Folder
from cluster.progress import Progress


def test_the_application_is_known_before_it_is_submitted() -> None:
    application = Application()
    told = [
        application.hear(line)
        for line in (
            "21:46:12 INFO Client: Submitting application application_17_0001 to ResourceManager",
            "21:46:13 INFO Client: Application report for application_17_0001 (state: ACCEPTED)",
            "21:46:14 INFO Client: Application report for application_17_0001 (state: ACCEPTED)",
            "21:46:15 INFO Client: Application report for application_17_0001 (state: RUNNING)",
            "\t tracking URL: http://here/proxy",
        )
    ]
    assert told == [
        "submitted application_17_0001",
        "application_17_0001 ACCEPTED",
        None,
        "application_17_0001 RUNNING",
        "tracking URL http://here/proxy",
    ]
    assert application.identity == "application_17_0001"


class Growing(Folder):
    """A folder with a file that grows between reads."""

    content = b""

    def read(self, name: str, offset: int = 0) -> bytes:
        assert name == "metrics.jsonl"
        return Growing.content[offset:]


def test_a_line_is_shown_when_it_is_whole() -> None:
    tail = Tail(Growing("hdfs:///out"), "metrics.jsonl")
    seen = []
    for content in (b"", b"on", b"one\ntw", b"one\ntwo\n", b"one\ntwo\n"):
        Growing.content = content
        seen.append(list(tail.lines()))
    assert seen == [[], [], [b"one"], [b"two"], []]


def test_steps_and_epochs_in_a_line() -> None:
    console = Console(file=io.StringIO(), width=200)
    progress = Progress(console)
    progress.show(
        {"kind": "EpochDone", "epoch": 1, "trained": 9, "seconds": 2.0, "loss": 0.5, "validation_accuracy": 0.75}
    )
    progress.show({"kind": "Published", "worker": 0, "model": "m", "export_seconds": 1.0})
    progress.show({"kind": "Progress", "epoch": 2, "step": 3, "steps": 4, "documents_per_second": 1234.5, "loss": 0.25})
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue().splitlines() == [
        "epoch 1: 9 documents in 2.0 s, loss 0.5000, validation accuracy 75.00 %",
        "epoch 2, step 3/4, 1,234 documents/s, loss 0.2500, validation accuracy 75.00 %",
    ]

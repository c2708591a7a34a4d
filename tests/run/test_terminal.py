"""The run in a console that is no terminal."""

import io

import pytest
from rich.console import Console

from run import events
from run.events import EpochDone, Joined, Progress, Published, Straggler
from run.result import Quality, Result, Rows
from run.terminal import Terminal


def test_steps_epochs_and_the_outcome_are_lines() -> None:
    console = Console(file=io.StringIO(), width=200)
    terminal = Terminal(console)
    terminal.show(EpochDone(0, 1, 9, 0.5, 0.6, 0.75, 0.7, 2.0))
    terminal.show(
        Progress(worker=0, epoch=2, epochs=3, step=3, steps=4, documents=96, documents_per_second=32.0, loss=0.25)
    )
    terminal.show(events.Tested(0, 1, 2, 0.6, [[3, 1], [2, 4]], {}, 99.5, 3.25))
    terminal.show(Published(0, "m/1", 1.0))
    test = Quality(0.7, 0.69, 10)
    members = {"textcnn": Quality(0.65, 0.6, 10), "naive Bayes": Quality(0.6, 0.58, 10)}
    terminal.outcome(Result(test=test, members=members, documents_per_second=1234.5, model="m/1"), ("好评", "差评"))
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue().splitlines() == [
        "epoch 1: 9 documents in 2.0 s, loss 0.5000, validation accuracy 75.00 %, macro-F1 70.00 %",
        "epoch 2/3, step 3/4, 32 documents/s, loss 0.2500, validation accuracy 75.00 %, at most 5 s left",
        "published m/1",
        "test documents, true labels in rows, predicted labels in columns:",
        "        1  2",
        "1 好评  3  1",
        "2 差评  2  4",
        "test accuracy 70.00 %, macro-F1 69.00 %, 10 documents",
        "its members alone: textcnn 65.00 %, naive Bayes 60.00 %",
        "trained 1,234 documents/s",
        "model: m/1",
    ]


def test_a_worker_that_the_others_wait_for_is_named_with_its_host() -> None:
    console = Console(file=io.StringIO(), width=200)
    terminal = Terminal(console)
    terminal.show(Joined(1, "node-b", (), 40_001))
    terminal.show(Progress(0, 2, 3, 3, 4, 96, 32.0, 0.25, Straggler(1, 4.8)))
    assert isinstance(console.file, io.StringIO)
    assert "worker 1 on node-b takes 4.8 times as long as the others" in console.file.getvalue()


def test_how_far_a_stage_is_gets_a_line_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    console = Console(file=io.StringIO(), width=200)
    terminal = Terminal(console)
    terminal.stage("counts")
    terminal.advance(0.25, "map 50 %, reduce 0 %")
    terminal.advance(0.5, "map 100 %, reduce 0 %")
    monkeypatch.setattr("run.terminal.PLAIN_SECONDS", 0.0)
    terminal.advance(0.75, "map 100 %, reduce 50 %")
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue().splitlines() == ["counts", "map 50 %, reduce 0 %", "map 100 %, reduce 50 %"]


def test_a_failure_is_told() -> None:
    console = Console(file=io.StringIO(), width=20)
    Terminal(console).fail("The loss is nan in step 3 of epoch 1.")
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue() == "textcnn: The loss is nan in step 3 of epoch 1.\n"


def test_a_model_that_is_below_one_of_its_members_says_so_and_what_to_try() -> None:
    console = Console(file=io.StringIO(), width=200)
    members = {"textcnn": Quality(0.5, 0.5, 10), "naive Bayes": Quality(0.7, 0.7, 10)}
    Terminal(console).outcome(Result(test=Quality(0.6, 0.6, 10), members=members), ())
    assert isinstance(console.file, io.StringIO)
    assert "The model is below naive Bayes alone. Try more validation documents" in console.file.getvalue()


def test_a_corpus_is_told_with_its_rows_and_its_hash() -> None:
    console = Console(file=io.StringIO(), width=200)
    rows = Rows(read=1203, quarantined=3, train=1000, validation=100, test=100)
    result = Result(prepared="corpora/a", prepared_hash="0ff1ce", rows=rows, rejected={"no label": 2, "not JSON": 1})
    Terminal(console).outcome(result, ())
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue().splitlines() == [
        "1,000 documents for training, 100 for validation, 100 for the test, 3 quarantined (no label: 2, not JSON: 1)",
        "corpus: corpora/a",
        "hash: 0ff1ce",
    ]


def test_what_does_not_go_with_the_documents_is_a_warning() -> None:
    console = Console(file=io.StringIO(), width=20)
    Terminal(console).show(events.Advised("5.0% [of] the documents are cut."))
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue() == "warning: 5.0% [of] the documents are cut.\n"

"""What the driver knows of the workers."""

import pytest

from run import events
from run.events import Checkpointed, EpochDone, Event, Failed, Progress, Resumed, Spooled
from spark_driver.monitor import Monitor

ECHO = Failed(0, "UnavailableError: peer", "", lost_peer=True)
CAUSE = Failed(1, "ValueError: no", "", lost_peer=False)


def monitor(*events: Event) -> tuple[Monitor, list[Event]]:
    recorded: list[Event] = []
    watching = Monitor(2, recorded.append)
    for event in events:
        watching.handle(event)
    return watching, recorded


def test_the_cause_is_no_echo_of_another_failure() -> None:
    assert monitor(ECHO, CAUSE)[0].cause == CAUSE
    assert monitor(ECHO)[0].cause == ECHO
    assert monitor()[0].cause is None


def test_documents_on_disk_are_those_of_all_workers() -> None:
    first = Spooled(0, {"train": 3, "validation": 1, "test": 0}, 0.1)
    second = Spooled(1, {"train": 4, "validation": 0, "test": 2}, 0.1)
    assert [monitor(first, second)[0].spooled_documents(s) for s in ("train", "validation", "test")] == [7, 1, 2]


def test_when_all_workers_have_been_fed_it_is_told() -> None:
    fed: list[bool] = []
    watching = Monitor(2, lambda _: None, fed=lambda: fed.append(True))
    for worker in (0, 1):
        assert not fed
        watching.handle(Spooled(worker, {"train": 1, "validation": 0, "test": 0}, 0.1))
    assert fed == [True]


def test_an_epoch_is_told() -> None:
    epoch = EpochDone(0, 1, 7, 0.5, None, None, None, 1.0)
    watching, recorded = monitor(epoch)
    assert watching.epochs == {1: epoch}
    assert recorded == [epoch]


def epoch(number: int, trained: int) -> EpochDone:
    return EpochDone(0, number, trained, 0.5, None, None, None, 1.0)


def test_of_an_earlier_run_the_epochs_before_its_checkpoint_count() -> None:
    watching = Monitor(2, lambda _: None, epochs=[epoch(1, 7), epoch(2, 7), epoch(3, 7)])
    watching.handle(Resumed(0, epoch=3, step=5))
    assert list(watching.epochs) == [1, 2]
    watching.handle(epoch(3, 8))
    assert watching.epochs == {1: epoch(1, 7), 2: epoch(2, 7), 3: epoch(3, 8)}


def test_an_epoch_that_a_checkpoint_knows_is_told_to_those_alone_who_do_not() -> None:
    told: list[Event] = []
    watching = Monitor(2, told.append, epochs=[epoch(1, 7)])
    for number in (1, 2):
        watching.handle(epoch(number, 7))
    assert told == [epoch(2, 7)]
    assert watching.epochs == {1: epoch(1, 7), 2: epoch(2, 7)}


def test_after_a_restart_epochs_count_once_and_failures_are_forgotten() -> None:
    before, _ = monitor(epoch(1, 7), epoch(2, 7), CAUSE)
    after = Monitor(2, lambda _: None, before=before)
    after.handle(epoch(2, 8))
    assert after.epochs == {1: epoch(1, 7), 2: epoch(2, 8)}
    assert (before.restarts, after.restarts) == (0, 1)
    assert after.cause is None
    assert len(before.epochs) == 2


def progress() -> Progress:
    return Progress(0, 1, 3, 1, 4, 8, 1.0, 0.5)


def test_a_checkpoint_can_be_written_between_the_first_step_and_the_test() -> None:
    watching, _ = monitor(Resumed(0, epoch=1, step=0))
    assert not watching.training
    watching.handle(progress())
    assert watching.training
    watching.handle(events.Tested(0, 1, 1, 0.1, [[1, 0], [0, 1]], {}, 8.0, 1.0))
    assert not watching.training


@pytest.mark.parametrize(
    ("event", "settled"),
    [
        (Checkpointed(0, 1, 1), True),
        (events.Tested(0, 1, 1, 0.1, [[1, 0], [0, 1]], {}, 8.0, 1.0), True),
        (CAUSE, True),
        (progress(), False),
    ],
)
def test_a_checkpoint_is_waited_for_until_it_is_written_or_cannot_be(event: Event, settled: bool) -> None:
    watching, _ = monitor(progress())
    watching.handle(event)
    assert watching.checkpointed.is_set() == settled

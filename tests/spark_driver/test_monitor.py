"""What the driver knows of the workers."""

from spark_driver.monitor import Monitor
from trainer.events import EpochDone, Event, Failed, Spooled

ECHO = Failed(0, "UnavailableError: peer", "", lost_peer=True)
CAUSE = Failed(1, "ValueError: no", "", lost_peer=False)


def monitor(*events: Event) -> tuple[Monitor, list[Event]]:
    recorded: list[Event] = []
    watching = Monitor(lambda _: None, recorded.append)
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


def test_what_all_workers_know_is_taken_from_the_chief() -> None:
    epochs = [EpochDone(worker, 1, 7, 0.5, None, None, None, 1.0) for worker in (1, 0)]
    watching, recorded = monitor(*epochs)
    assert watching.epochs == [epochs[1]]
    assert recorded == [epochs[1]]

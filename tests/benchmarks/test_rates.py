"""Speed and accuracy out of the events of a training."""

from benchmarks import rates
from run.events import EpochDone, Event, Member, Progress, Tested


def progress(epoch: int, step: int) -> Progress:
    return Progress(0, epoch, 3, step, 2, 10 * step, 1.0, 0.5)


def done(epoch: int) -> EpochDone:
    return EpochDone(0, epoch, 20, 0.5, 0.5, 0.8, 0.8, 1.0)


def test_the_first_epoch_and_validation_are_left_out() -> None:
    events: list[tuple[float, Event]] = [
        (10.0, progress(1, 1)),
        (11.0, progress(1, 2)),
        (12.0, done(1)),
        (12.5, progress(2, 1)),
        (14.0, progress(2, 2)),  # 2 s for 20 documents
        (20.0, done(2)),
        (23.0, progress(3, 2)),  # 3 s for 20
        (30.0, done(3)),
    ]
    assert rates.from_second_epoch(events) == 40 / 5


def test_accuracy_is_that_of_the_network_alone() -> None:
    members = {"textcnn": Member(0.7, [[3, 1], [0, 4]]), "naive Bayes": Member(0.3, [[0, 4], [4, 0]])}
    tested = Tested(0, 1, 3, 0.5, [[4, 0], [0, 4]], members, 1.0, 1.0)
    assert rates.accuracy(tested) == 7 / 8

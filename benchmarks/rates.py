"""What the events of a training of ours say of its speed and its accuracy, as every peer measures them."""

from collections.abc import Iterable

from run.events import EpochDone, Event, Progress, Tested


def from_second_epoch(events: Iterable[tuple[float, Event]]) -> float:
    """Returns documents/s of all workers, from the end of the first epoch on, the time of validation left out.

    An epoch lasts from the end of the one before, with its validation, to its own last step.

    Args:
        events: what was told, with the time in seconds at which it was.
    """
    documents, seconds, before, last = 0, 0.0, None, 0.0
    for moment, event in events:
        if isinstance(event, Progress):
            last = moment
        elif isinstance(event, EpochDone):
            if before is not None:
                documents += event.trained
                seconds += last - before
            before = moment
    return documents / seconds


def accuracy(tested: Tested, network: str = "textcnn") -> float:
    """Returns the test accuracy of a network by itself, without those that it is mixed with."""
    confusion = tested.members[network].confusion
    return sum(row[i] for i, row in enumerate(confusion)) / sum(map(sum, confusion))

"""Fills a run's result with what was counted in its input and what its workers told."""

from run.metrics import Evaluation
from run.result import Quality, Result
from run.splits import SPLITS
from spark_driver.errors import LostRowsError
from spark_driver.monitor import Monitor
from text.counts import Counts


def counted(result: Result, counts: Counts) -> None:
    """Takes in what was read."""
    result.rows.read = counts.read
    result.rows.quarantined = sum(counts.rejected.values())
    result.rows.unlabelled = counts.unlabelled
    result.rejected = counts.rejected
    for split in SPLITS:
        setattr(result.rows, split, counts.documents[split])


def trained(result: Result, monitor: Monitor) -> None:
    """Takes in what the workers told.

    Raises:
        LostRowsError: the rows counted at two places do not agree; the result then has no model.
    """
    result.seconds.feed = monitor.feed_seconds
    result.restarts = monitor.restarts
    result.rows.fed = {split: monitor.spooled_documents(split) for split in SPLITS}
    result.rows.trained = [epoch.trained for _, epoch in sorted(monitor.epochs.items())]
    if tested := monitor.tested:
        result.test = _quality(tested.confusion)
        alone = {name: _quality(member.confusion) for name, member in tested.members.items()}
        result.members = {name: quality for name, quality in alone.items() if quality}
        result.documents_per_second = tested.documents_per_second
        result.epochs = tested.epochs
        result.seconds.train = tested.train_seconds
    if lost := result.rows.lost():
        raise LostRowsError(lost)
    if published := monitor.published:
        result.model = published.model
        result.seconds.export = published.export_seconds


def _quality(confusion: list[list[int]]) -> Quality | None:
    found = Evaluation.of(confusion, None)
    return Quality(found.accuracy, found.macro_f1, found.rows) if found.rows else None

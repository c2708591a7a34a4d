"""What came of a run, as result.json tells it to programs."""

from dataclasses import dataclass, field

from spark_driver.corpus import Counts
from spark_driver.errors import LostRowsError
from spark_driver.monitor import Monitor
from trainer.blocks import SPLITS
from trainer.metrics import Evaluation


@dataclass
class Rows:
    """Rows counted at different places of a run; `check` holds them against each other."""

    read: int | None = None
    quarantined: int | None = None
    train: int | None = None
    validation: int | None = None
    test: int | None = None
    fed: int | None = None
    """Training documents on the workers' disks."""
    trained_first_epoch: int | None = None
    """Documents that had a weight in a step of the first epoch."""

    def check(self) -> None:
        """Makes sure that no row was lost.

        Raises:
            LostRowsError: two counts that must be equal are not.
        """
        split = [self.quarantined, self.train, self.validation, self.test]
        if self.read != sum(number or 0 for number in split):
            raise LostRowsError(
                f"{self.read} rows were read, but {split[0]} quarantined and {split[1]} + {split[2]} + {split[3]} used"
            )
        if not self.train == self.fed == self.trained_first_epoch:
            raise LostRowsError(
                f"of {self.train} training documents, {self.fed} were fed and {self.trained_first_epoch} trained in "
                "the first epoch"
            )


@dataclass
class Seconds:
    """How long each stage took."""

    prepare: float | None = None
    feed: float | None = None
    train: float | None = None
    export: float | None = None
    total: float | None = None


@dataclass
class Test:
    """How the published model did on the test documents."""

    accuracy: float
    macro_f1: float
    rows: int


@dataclass
class Result:
    """A run's outcome; what is not known stays None."""

    status: str = "failed"
    exit_status: int = 1
    """0, a model was published; 2, the configuration or the data cannot be used; 1, anything else."""
    error: str | None = None
    test: Test | None = None
    model: str | None = None
    rows: Rows = field(default_factory=Rows)
    documents_per_second: float | None = None
    epochs: int | None = None
    seconds: Seconds = field(default_factory=Seconds)

    def counted(self, counts: Counts, quarantined: int) -> None:
        """Takes in what was read."""
        self.rows.read = counts.read
        self.rows.quarantined = quarantined
        for split in SPLITS:
            setattr(self.rows, split, counts.documents[split])

    def trained(self, monitor: Monitor) -> None:
        """Takes in what the workers told.

        Raises:
            LostRowsError: the rows do not add up.
        """
        self.rows.fed = monitor.spooled_documents("train")
        for split in SPLITS:
            setattr(self.rows, split, monitor.spooled_documents(split))
        if monitor.epochs:
            self.rows.trained_first_epoch = monitor.epochs[0].trained
        if tested := monitor.tested:
            evaluation = Evaluation.of(tested.confusion, tested.loss)
            if evaluation.rows:
                self.test = Test(evaluation.accuracy, evaluation.macro_f1, evaluation.rows)
            self.documents_per_second = tested.documents_per_second
            self.epochs = tested.epochs
            self.seconds.train = tested.train_seconds
        if published := monitor.published:
            self.model = published.model
            self.seconds.export = published.export_seconds

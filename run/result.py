"""What came of a run, as result.json tells it to programs."""

import dataclasses
import json
from dataclasses import dataclass, field

from pydantic import TypeAdapter


@dataclass
class Rows:
    """Rows counted at different places of a run; `check` compares them."""

    read: int | None = None
    quarantined: int | None = None
    train: int | None = None
    validation: int | None = None
    test: int | None = None
    """Usable rows of each split, as counted in the input."""
    unlabelled: int | None = None
    """Usable rows of the input of unlabelled documents, where there is one."""
    fed: dict[str, int] | None = None
    """Documents of each split on the workers' disks."""
    trained: list[int] = field(default_factory=list)
    """Documents that had a weight in a step, of each epoch."""

    def lost(self) -> str | None:
        """Returns which counts that must be equal are not; None if no row was lost."""
        counted = {"train": self.train, "validation": self.validation, "test": self.test}
        used = (*counted.values(), self.unlabelled or 0)
        if self.read != sum(number or 0 for number in (self.quarantined, *used)):
            return (
                f"{self.read} rows were read, but {self.quarantined} quarantined and {' + '.join(map(str, used))} used"
            )
        if self.fed != counted:
            return f"of the documents {counted}, {self.fed} were fed"
        if set(self.trained) != {self.train}:
            return f"of {self.train} training documents, {self.trained} were trained in the epochs"
        return None


@dataclass
class Seconds:
    """How long each stage took."""

    prepare: float | None = None
    feed: float | None = None
    train: float | None = None
    export: float | None = None
    total: float | None = None


@dataclass
class Quality:
    """How the published model did on the test documents."""

    accuracy: float
    macro_f1: float
    rows: int


@dataclass
class Result:
    """A run's outcome; what is not known stays None."""

    run: str = ""
    """The run that this came of; its metrics have that name."""
    status: str = "failed"
    exit_status: int = 1
    """0, a model was published; 2, the configuration or the data cannot be used; 1, anything else."""
    error: str | None = None
    test: Quality | None = None
    members: dict[str, Quality] = field(default_factory=dict)
    """How each network and naive Bayes, or each of a comparison's classical models, did alone on the same documents."""
    model_seconds: dict[str, float] = field(default_factory=dict)
    """How long each of a comparison's classical models took to train."""
    model: str | None = None
    """What was published, or what has classified."""
    prepared: str | None = None
    """The corpus that was prepared, or trained on."""
    prepared_hash: str | None = None
    """Of its manifest."""
    predictions: str | None = None
    """The folder of the predictions."""
    predicted: int | None = None
    """Rows in it that have one."""
    rows: Rows = field(default_factory=Rows)
    rejected: dict[str, int] = field(default_factory=dict)
    """Rows that cannot be used, by reason."""
    documents_per_second: float | None = None
    epochs: int | None = None
    restarts: int = 0
    """How often the workers were started again."""
    resumed: str | None = None
    """The run whose checkpoint this one went on from."""
    seconds: Seconds = field(default_factory=Seconds)

    def to_json(self) -> str:
        """Returns it as a JSON object."""
        return json.dumps(dataclasses.asdict(self), ensure_ascii=False, indent=2) + "\n"

    @classmethod
    def from_json(cls, data: bytes) -> "Result":
        """Reads what `to_json` wrote."""
        return TypeAdapter(cls).validate_json(data)

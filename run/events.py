"""What a worker tells while it works; plain values that travel as JSON."""

import dataclasses
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import get_args

from run.splits import Split


@dataclass(frozen=True)
class Joined:
    """An executor takes part; its worker's process is about to start."""

    worker: int
    host: str
    gpus: tuple[str, ...]
    """What Spark gave to it, as CUDA_VISIBLE_DEVICES takes them."""
    port: int
    """Where its TensorFlow will listen."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "gpus", tuple(self.gpus))  # JSON has lists


@dataclass(frozen=True)
class Started:
    """The worker's process has started."""

    worker: int
    pid: int


@dataclass(frozen=True)
class Alive:
    """The worker's process runs."""

    worker: int
    beats: int | None
    """How much it has done; what they count is no matter, only that they grow. None while it waits for the others."""


@dataclass(frozen=True)
class Acknowledged:
    """A block is on the worker's disk."""

    worker: int


@dataclass(frozen=True)
class Spooled:
    """All blocks are on the worker's disk."""

    worker: int
    documents: dict[Split, int]
    """Documents of each split."""
    seconds: float
    """From the first block to the last."""


@dataclass(frozen=True)
class Resumed:
    """Training goes on from a checkpoint."""

    worker: int
    epoch: int
    step: int
    """Steps of the epoch that are done."""


@dataclass(frozen=True)
class Checkpointed:
    """A checkpoint is in the run's folder."""

    worker: int
    epoch: int
    step: int
    """Steps of the epoch that are done."""


@dataclass(frozen=True)
class Warned:
    """Something went wrong that does not end the run."""

    worker: int
    text: str


@dataclass(frozen=True)
class Advised:
    """The driver has seen in the documents what a person may want to change."""

    text: str


@dataclass(frozen=True)
class Restarted:
    """The driver starts all workers again."""

    restart: int
    """From 1."""
    restarts: int
    """At most in this run."""
    cause: str
    """What has ended the workers before, on a line."""


@dataclass(frozen=True)
class Straggler:
    """A worker that the others wait for."""

    worker: int
    times: float
    """How many times as long as the others it takes for what each does by itself in a step."""


@dataclass(frozen=True)
class Progress:
    """Some steps further."""

    worker: int
    epoch: int
    """From 1."""
    epochs: int
    """At most in this run."""
    step: int
    """In this epoch, from 1."""
    steps: int
    """In each epoch."""
    documents: int
    """Trained in this epoch by all workers."""
    documents_per_second: float
    """Of all workers, since the last report."""
    loss: float
    """Mean over all workers' documents since the last report, in nats."""
    straggler: Straggler | None = None
    """Who has kept the others waiting lately."""

    def __post_init__(self) -> None:
        if isinstance(self.straggler, dict):  # JSON has objects
            object.__setattr__(self, "straggler", Straggler(**self.straggler))


@dataclass(frozen=True)
class EpochDone:
    """An epoch ended and the validation documents were judged."""

    worker: int
    epoch: int
    trained: int
    """Documents trained in this epoch, by all workers."""
    loss: float
    validation_loss: float | None
    validation_accuracy: float | None
    validation_macro_f1: float | None
    seconds: float


@dataclass(frozen=True)
class Member:
    """A part of the published mixture."""

    weight: float
    """Of its log-probabilities in the mixture."""
    confusion: list[list[int]]
    """Its own on the test documents."""


@dataclass(frozen=True)
class Tested:
    """The best weights were judged on the test documents."""

    worker: int
    best_epoch: int
    epochs: int
    loss: float | None
    confusion: list[list[int]]
    """Rows are the true labels, columns the predicted ones."""
    members: dict[str, Member]
    """What each network and naive Bayes do alone."""
    documents_per_second: float
    """Of all workers, over the steps after the first ten."""
    train_seconds: float

    def __post_init__(self) -> None:
        members = {name: Member(**m) if isinstance(m, dict) else m for name, m in self.members.items()}
        object.__setattr__(self, "members", members)  # JSON has objects


@dataclass(frozen=True)
class Mistake:
    """A test document that got another label than its own."""

    label: str
    predicted: str
    confidence: float
    """The probability of the predicted label."""
    tokens: list[str]
    """Those of the first view; one that the vocabulary does not have is empty."""
    contributions: list[float]
    """How much each speaks for the predicted label."""


@dataclass(frozen=True)
class Judged:
    """What the published weights say of the test documents, one by one."""

    worker: int
    bins: list[list[float]]
    """Documents, sum of their confidences and those that are right, of each of equal ranges of confidence."""
    places: list[int]
    """Documents whose own label is the model's first choice, its second, and so on."""
    mistakes: list[Mistake]
    """Those of which the model was surest, the surest first."""
    models: list[str]
    """The published model and its members."""
    documents: list[list[int]]
    """Of each a hash, its class, and the class that each model chooses; or of a part that is the same in every run."""

    def __post_init__(self) -> None:
        mistakes = [Mistake(**m) if isinstance(m, dict) else m for m in self.mistakes]
        object.__setattr__(self, "mistakes", mistakes)  # JSON has objects


@dataclass(frozen=True)
class Published:
    """A checked model is in place."""

    worker: int
    model: str
    export_seconds: float


@dataclass(frozen=True)
class Failed:
    """The worker cannot go on."""

    worker: int
    error: str
    """Type and message, on a line."""
    traceback: str
    lost_peer: bool
    """The cause is another worker that went away."""
    permanent: bool = False
    """It would come again: the same documents in the same order give the same error."""


@dataclass(frozen=True)
class Finished:
    """The worker has done all it had to; nothing follows."""

    worker: int


Event = (
    Joined
    | Started
    | Alive
    | Acknowledged
    | Spooled
    | Resumed
    | Checkpointed
    | Warned
    | Advised
    | Restarted
    | Progress
    | EpochDone
    | Tested
    | Judged
    | Published
    | Failed
    | Finished
)
Report = Callable[[Event], None]

_KINDS: dict[str, type] = {kind.__name__: kind for kind in get_args(Event)}


def to_json(event: Event) -> bytes:
    """Returns an event as a JSON object with its kind."""
    return json.dumps({"kind": type(event).__name__} | dataclasses.asdict(event)).encode()


def from_json(data: bytes) -> Event:
    """Reads what `to_json` wrote, or a line of a metrics file, which has the time besides.

    Raises:
        ValueError: it is neither.
    """
    try:
        values = json.loads(data)
        values.pop("time", None)
        event: Event = _KINDS[values.pop("kind")](**values)
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"not an event: {data[:200]!r}") from error
    return event

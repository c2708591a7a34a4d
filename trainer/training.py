"""The whole training: epochs over the spool, validation, early stopping, the best weights, the test."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from itertools import chain, count, islice, takewhile
from typing import Any

import numpy as np
import tensorflow as tf

from run.config import Metric, TrainConfig
from run.events import EpochDone, Member, Progress, Report, Resumed, Straggler, Tested
from run.metrics import Evaluation
from run.splits import SPLITS, Split
from trainer import batches
from trainer.checkpoint import Checkpoint, Checkpoints, Position
from trainer.drift import check_equal
from trainer.errors import TrainingError
from trainer.judging import Judge
from trainer.mixture import Mixture
from trainer.models.network import Network
from trainer.naive_bayes import ClassCounts, NaiveBayes
from trainer.schedule import Schedule
from trainer.spool import Share, Spool
from trainer.step import ReplicatedModel, Weights, copied

REPORT_SECONDS = 1.0
PACE_SECONDS = 10.0
"""How long the workers' paces are watched until it is said who keeps the others waiting."""
DIVERGED = "Training has diverged. Lower train.learning_rate."
WARM_UP_STEPS = 10
"""Steps that do not count for the speed: they hold the compilation of the step."""


@dataclass(frozen=True)
class Trained:
    """What came of a training."""

    model: Mixture
    """The networks with their best weights, and naive Bayes."""
    test: Evaluation
    best_epoch: int
    """Of the first network."""
    epochs: int
    documents_per_second: float
    """Of all workers, over the steps after the first ten; 0 if there were no more."""


@dataclass
class _Speed:
    """Documents and seconds of the steps after the warm-up."""

    steps: int = 0
    """All of this process."""
    documents: int = 0
    seconds: float = 0.0
    paced: float = 0.0
    """When the workers' paces were looked at last."""
    straggler: Straggler | None = None
    """Who kept the others waiting before that."""

    def per_second(self) -> float:
        return self.documents / self.seconds if self.seconds else 0.0


@dataclass
class _Best:
    """A network's weights of the best epoch; of equal ones, that with the smaller loss."""

    metric: Metric
    patience: int
    rank: tuple[float, float] = (-math.inf, 0.0)
    improved: int = 0
    """The last epoch that was better than all before."""
    epoch: int = 0
    weights: Weights = field(default_factory=list)

    def offer(self, epoch: int, validation: Evaluation, network: Network) -> bool:
        """Keeps the weights if they are the best; tells whether to go on. Without validation, the last are best."""
        rank = (-validation.loss if self.metric == "loss" else getattr(validation, self.metric), -validation.loss)
        if not validation.rows or rank[0] > self.rank[0]:
            self.improved = epoch
        if not validation.rows or rank > self.rank:
            self.rank, self.epoch, self.weights = rank, epoch, copied(network)
        return epoch - self.improved < self.patience

    def values(self) -> dict[str, Any]:
        """All but the weights, for a checkpoint."""
        return {"rank": self.rank, "improved": self.improved, "epoch": self.epoch}

    def arrays(self, network: int) -> dict[str, np.ndarray]:
        """The weights by name, for a checkpoint."""
        return _named(f"best {network}", self.weights)

    def restore(self, values: Mapping[str, Any], arrays: Mapping[str, np.ndarray], network: int) -> None:
        """Takes what `values` and `arrays` have given; no weights are kept before the first epoch has ended."""
        loss_rank, tie = values["rank"]
        self.rank, self.improved, self.epoch = (loss_rank, tie), values["improved"], values["epoch"]
        self.weights = _taken(f"best {network}", arrays)


@dataclass
class _Average:
    """An exponential moving average of the networks' weights at the ends of the epochs.

    Of every table it is one copy, whatever the number of epochs, and a step costs nothing more.

    Source: B. Polyak & A. Juditsky, Acceleration of Stochastic Approximation by Averaging, 1992; P. Izmailov et al.,
    Averaging Weights Leads to Wider Optima and Better Generalization, UAI 2018, arXiv:1803.05407.
    """

    kept: float
    """Share that it keeps of itself when it takes in other weights."""
    weights: list[Weights] = field(default_factory=list)
    """Of each network; none before the first epoch has ended."""

    def add(self, now: list[Weights]) -> None:
        """Takes in each network's weights at the end of an epoch."""
        pairs = zip(self.weights or now, now, strict=True)
        self.weights = [
            [self.kept * before + (1 - self.kept) * weights for before, weights in zip(*of_network, strict=True)]
            for of_network in pairs
        ]

    def arrays(self) -> dict[str, np.ndarray]:
        """The weights by name, for a checkpoint."""
        named = (_named(f"average {network}", weights) for network, weights in enumerate(self.weights))
        return dict(chain.from_iterable(of_network.items() for of_network in named))

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Takes what `arrays` has given."""
        self.weights = list(takewhile(bool, (_taken(f"average {network}", arrays) for network in count())))


def _named(owner: str, weights: Weights) -> dict[str, np.ndarray]:
    return {f"{owner}/weights {number}": of_layer for number, of_layer in enumerate(weights)}


def _taken(owner: str, arrays: Mapping[str, np.ndarray]) -> Weights:
    """What `_named` has named."""
    names = (f"{owner}/weights {number}" for number in count())
    return [arrays[name] for name in takewhile(arrays.__contains__, names)]


def train(
    model: ReplicatedModel,
    config: TrainConfig,
    shares: dict[Split, Share],
    report: Report,
    checkpoints: Checkpoints | None = None,
) -> Trained:
    """Trains until the last epoch or until no network gets better, and leaves each with its best weights.

    Every worker calls it with its own shares; all make the same steps and get the same answer. Where there is a
    checkpoint, training goes on from it, and makes the steps that it would have made without the stop.

    Raises:
        TrainingError: the loss is not a number, or the workers' weights are not the same.
    """
    place = model.collective.place
    bests, speed = [_Best(config.metric, config.patience) for _ in model.networks], _Speed()
    average = _Average(config.averaging)
    at, done = _resumed(model, bests, average, checkpoints, report)
    started = time.monotonic() - at.seconds
    counts = _counted(model, shares["train"])
    if config.class_weights == "balanced":
        model.balance(counts.documents)
    batch = config.batch_size or batches.default_size(int(counts.documents.sum()), place.workers)
    size = batches.size_of(batch, model.collective.rank, place.workers)
    steps = int(model.collective.gather(batches.steps(len(shares["train"]), size)).max())

    def reached(position: Position) -> None:
        if checkpoints and checkpoints.due:
            now = replace(position, seconds=time.monotonic() - started)
            checkpoints.save(_checkpoint(now, model, bests, average, done))

    epochs = at.epoch - 1
    while epochs < config.epochs:
        epochs = at.epoch
        begun = time.monotonic()
        at = _epoch(model, config, shares["train"], at, steps, size, speed, report, reached)
        check_equal(chain.from_iterable(n.get_weights() for n in model.networks.values()), model.collective, at.epoch)
        together, hopeful = _validated(model, bests, at.epoch, shares["validation"])
        if together.rows:
            _finite(together.loss, 1.0, at.epoch, steps)
        if average.kept:
            now = model.weights()
            average.add(now)
            model.restore(average.weights)
            _, hopeful = _validated(model, bests, at.epoch, shares["validation"])
            model.restore(now)
        done.append(_epoch_done(place.worker, at, together, time.monotonic() - begun))
        report(done[-1])
        if not hopeful:
            break
        at = Position(at.epoch + 1)
        reached(at)
    if not all(np.isfinite(weights).all() for best in bests for weights in best.weights):
        raise TrainingError(DIVERGED)
    model.restore([best.weights for best in bests])
    fitted = _judge(model, Mixture(model.networks, NaiveBayes.of(counts))).fitted(shares["validation"])
    # The validation documents have done their work as such, and are counted too.
    counts += _counted(model, shares["validation"])
    mixture = Mixture(model.networks, NaiveBayes.of(counts), fitted)
    test, members = _judge(model, mixture).evaluate(shares["test"])
    weights = dict(zip(mixture.names, mixture.weights.numpy().tolist(), strict=True))
    report(
        Tested(
            place.worker,
            bests[0].epoch,
            epochs,
            _number(test.loss),
            test.confusion.tolist(),
            {name: Member(weights[name], alone.confusion.tolist()) for name, alone in members.items()},
            speed.per_second(),
            time.monotonic() - started,
        )
    )
    return Trained(mixture, test, bests[0].epoch, epochs, speed.per_second())


def _validated(model: ReplicatedModel, bests: list[_Best], epoch: int, share: Share) -> tuple[Evaluation, bool]:
    """Offers each network's weights as its best; returns how all did together, and whether any is to go on."""
    each, together = model.evaluate(share)
    offers = zip(bests, each, model.networks.values(), strict=True)
    hopeful = [best.offer(epoch, validation, network) for best, validation, network in offers]
    return together, any(hopeful)


def _counted(model: ReplicatedModel, share: Share) -> ClassCounts:
    return ClassCounts.of(share, model.sizes, model.classes, model.collective)


def _judge(model: ReplicatedModel, mixture: Mixture) -> Judge:
    return Judge(mixture, model.classes, model.collective)


def _resumed(
    model: ReplicatedModel, bests: list[_Best], average: _Average, checkpoints: Checkpoints | None, report: Report
) -> tuple[Position, list[EpochDone]]:
    """Takes up the newest checkpoint, if there is one; returns where to go on, and what has been reported of epochs.

    It is reported again: whoever had heard it may be gone, and what he wrote down may be older than the checkpoint.

    Raises:
        TrainingError: the workers have found different ones.
    """
    found = checkpoints.newest() if checkpoints else None
    position = found.position if found else Position()
    for of_all in map(model.collective.gather, (position.epoch, position.step)):
        if (of_all != of_all[0]).any():
            raise TrainingError(f"The workers have found different checkpoints: {of_all.tolist()}. Start them again.")
    done: list[EpochDone] = []
    if found:
        model.set_state(found.arrays)
        for number, (best, values) in enumerate(zip(bests, found.values["best"], strict=True)):
            best.restore(values, found.arrays, number)
        average.restore(found.arrays)
        done = [EpochDone(**values) for values in found.values["epochs"]]
        for epoch in done:
            report(epoch)
        report(Resumed(model.collective.place.worker, position.epoch, position.step))
    return position, done


def _checkpoint(
    position: Position, model: ReplicatedModel, bests: list[_Best], average: _Average, done: list[EpochDone]
) -> Checkpoint:
    arrays = model.state() | average.arrays()
    for number, best in enumerate(bests):
        arrays |= best.arrays(number)
    values = {"best": [best.values() for best in bests], "epochs": [asdict(epoch) for epoch in done]}
    return Checkpoint(position, arrays, values)


def shares_of(spool: Spool) -> dict[Split, Share]:
    """Returns a worker's share of every split."""
    return {split: spool.share(split) for split in SPLITS}


def _epoch(
    model: ReplicatedModel,
    config: TrainConfig,
    share: Share,
    begin: Position,
    steps: int,
    size: int,
    speed: _Speed,
    report: Report,
    reached: Callable[[Position], None],
) -> Position:
    """Trains on each document that the epoch has left; returns where it has ended, with its sums over all workers."""
    worker, epoch = model.collective.place.worker, begin.epoch
    loss_sum = tf.constant(begin.loss, tf.float64)
    weight_sum = tf.constant(begin.documents, tf.float64)
    loss_before, documents_before, reported = begin.loss, begin.documents, time.monotonic()
    order = batches.epoch(share, size=size, seed=config.seed, number=epoch, worker=model.collective.rank, count=steps)
    schedule = Schedule(config, steps)
    model.pace.begin()
    for step, batch in enumerate(islice(order, begin.step, None), begin.step + 1):
        number = (epoch - 1) * steps + step
        loss, weight = model.train(batch, number, schedule.share(number))
        loss_sum += tf.cast(loss, tf.float64)
        weight_sum += tf.cast(weight, tf.float64)
        speed.steps += 1
        if step == steps or speed.steps == WARM_UP_STEPS or time.monotonic() - reported >= REPORT_SECONDS:
            mean = _finite(float(loss_sum) - loss_before, float(weight_sum) - documents_before, epoch, step)
            documents, now = float(weight_sum), time.monotonic()
            fresh, seconds = int(documents - documents_before), now - reported
            if speed.steps > WARM_UP_STEPS:
                speed.documents += fresh
                speed.seconds += seconds
            if speed.steps <= WARM_UP_STEPS or now - speed.paced >= PACE_SECONDS:
                found, speed.paced = model.pace.straggler(), now
                speed.straggler = found if speed.steps > WARM_UP_STEPS else None
            figures = (int(documents), fresh / seconds, mean, speed.straggler)
            report(Progress(worker, epoch, config.epochs, step, steps, *figures))
            loss_before, documents_before, reported = float(loss_sum), documents, now
            reached(Position(epoch, step, loss_before, documents))
    return Position(epoch, steps, float(loss_sum), float(weight_sum))


def _finite(loss: float, weight: float, epoch: int, step: int) -> float:
    mean = loss / max(weight, 1.0)
    if not math.isfinite(mean):
        raise TrainingError(f"The loss is {mean} in step {step} of epoch {epoch}. {DIVERGED}")
    return mean


def _epoch_done(worker: int, at: Position, validation: Evaluation, seconds: float) -> EpochDone:
    return EpochDone(
        worker=worker,
        epoch=at.epoch,
        trained=int(at.documents),
        loss=at.loss / at.documents,
        validation_loss=_number(validation.loss),
        validation_accuracy=_number(validation.accuracy),
        validation_macro_f1=_number(validation.macro_f1),
        seconds=seconds,
    )


def _number(value: float) -> float | None:
    """NaN, which JSON does not have, becomes None."""
    return None if math.isnan(value) else value

"""The whole training: epochs over the spool, validation, early stopping, the best weights, the test."""

import math
import time
from dataclasses import dataclass, field

import numpy as np
import tensorflow as tf

from run.config import Metric, TrainConfig
from run.events import EpochDone, Member, Progress, Report, Tested
from run.metrics import Evaluation
from run.splits import SPLITS, Split
from trainer import batches
from trainer.errors import TrainingError
from trainer.judging import Judge
from trainer.mixture import Mixture
from trainer.models.network import Network
from trainer.naive_bayes import NaiveBayes
from trainer.spool import Share, Spool
from trainer.step import ReplicatedModel, Weights, copied

REPORT_SECONDS = 1.0
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

    documents: int = 0
    seconds: float = 0.0

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


def train(model: ReplicatedModel, config: TrainConfig, shares: dict[Split, Share], report: Report) -> Trained:
    """Trains until the last epoch or until no network gets better, and leaves each with its best weights.

    Every worker calls it with its own shares; all make the same steps and get the same answer.

    Raises:
        TrainingError: the loss is not a number.
    """
    place = model.collective.place
    bests, speed = [_Best(config.metric, config.patience) for _ in model.networks], _Speed()
    started = time.monotonic()
    documents = int(model.collective.gather(len(shares["train"])).sum())
    batch = config.batch_size or batches.default_size(documents, place.workers)
    size = batches.size_of(batch, place.worker, place.workers)
    steps = int(model.collective.gather(batches.steps(len(shares["train"]), size)).max())
    bayes = NaiveBayes.of(shares["train"], model.sizes, model.classes, model.collective)
    epochs = 0
    for epoch in range(1, config.epochs + 1):
        epochs = epoch
        begun = time.monotonic()
        loss, trained = _epoch(model, config, shares["train"], epoch, steps, size, speed, report)
        each, together = model.evaluate(shares["validation"])
        if together.rows:
            _finite(together.loss, 1.0, epoch, steps)
        report(_epoch_done(place.worker, epoch, loss, trained, together, time.monotonic() - begun))
        offers = zip(bests, each, model.networks.values(), strict=True)
        hopeful = [best.offer(epoch, validation, network) for best, validation, network in offers]
        if not any(hopeful):
            break
    if not all(np.isfinite(weights).all() for best in bests for weights in best.weights):
        raise TrainingError(DIVERGED)
    model.restore([best.weights for best in bests])
    mixture = Mixture(model.networks, bayes)
    judge = Judge(mixture, model.sizes, model.classes, model.collective)
    mixture.weights.assign(judge.fitted(shares["validation"]))
    test, members = judge.evaluate(shares["test"])
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


def shares_of(spool: Spool) -> dict[Split, Share]:
    """Returns a worker's share of every split."""
    return {split: spool.share(split) for split in SPLITS}


def _epoch(
    model: ReplicatedModel,
    config: TrainConfig,
    share: Share,
    epoch: int,
    steps: int,
    size: int,
    speed: _Speed,
    report: Report,
) -> tuple[float, int]:
    """Trains on each document once; returns mean loss and number of documents, over all workers."""
    worker = model.collective.place.worker
    loss_sum = tf.zeros([], tf.float64)
    weight_sum = tf.zeros([], tf.float64)
    loss_before, documents_before, reported = 0.0, 0, time.monotonic()
    order = batches.epoch(share, size=size, seed=config.seed, number=epoch, worker=worker, count=steps)
    for step, batch in enumerate(order, 1):
        total = (epoch - 1) * steps + step
        loss, weight = model.train(batch, total)
        loss_sum += tf.cast(loss, tf.float64)
        weight_sum += tf.cast(weight, tf.float64)
        if step == steps or total == WARM_UP_STEPS or time.monotonic() - reported >= REPORT_SECONDS:
            mean = _finite(float(loss_sum) - loss_before, float(weight_sum) - documents_before, epoch, step)
            documents, now = int(weight_sum), time.monotonic()
            fresh, seconds = documents - documents_before, now - reported
            if total > WARM_UP_STEPS:
                speed.documents += fresh
                speed.seconds += seconds
            report(Progress(worker, epoch, config.epochs, step, steps, documents, fresh / seconds, mean))
            loss_before, documents_before, reported = float(loss_sum), documents, now
    return float(loss_sum / weight_sum), int(weight_sum)


def _finite(loss: float, weight: float, epoch: int, step: int) -> float:
    mean = loss / max(weight, 1.0)
    if not math.isfinite(mean):
        raise TrainingError(f"The loss is {mean} in step {step} of epoch {epoch}. {DIVERGED}")
    return mean


def _epoch_done(
    worker: int, epoch: int, loss: float, trained: int, validation: Evaluation, seconds: float
) -> EpochDone:
    return EpochDone(
        worker=worker,
        epoch=epoch,
        trained=trained,
        loss=loss,
        validation_loss=_number(validation.loss),
        validation_accuracy=_number(validation.accuracy),
        validation_macro_f1=_number(validation.macro_f1),
        seconds=seconds,
    )


def _number(value: float) -> float | None:
    """NaN, which JSON does not have, becomes None."""
    return None if math.isnan(value) else value

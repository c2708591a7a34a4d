"""How fast training learns at each step: a warm-up, then a decay of the learning rate."""

from math import cos, pi

from run.config import TrainConfig


class Schedule:
    """The learning rate of each step, as a share of `train.learning_rate`.

    It depends on the step alone, so that all workers, and a training that goes on from a checkpoint, agree. It is laid
    out over `train.epochs`, which training may not reach.

    Source: P. Goyal et al., Accurate, Large Minibatch SGD, 2017, arXiv:1706.02677 (warm-up); I. Loshchilov & F. Hutter,
    SGDR, ICLR 2017, arXiv:1608.03983 (cosine).
    """

    def __init__(self, config: TrainConfig, steps: int):
        """Takes how many steps an epoch has."""
        self._steps = config.epochs * steps
        self._warmup = config.warmup * self._steps
        self._decay = config.decay

    def share(self, step: int) -> float:
        """Returns the share of the learning rate, above 0 and at most 1, of a step from 1 to the last epoch's last."""
        before = step - 1
        if before < self._warmup:
            return min(step / self._warmup, 1.0)
        done = (before - self._warmup) / (self._steps - self._warmup)
        if self._decay == "linear":
            return 1.0 - done
        if self._decay == "cosine":
            return (1.0 + cos(pi * done)) / 2.0
        return 1.0

"""Builds the networks that a run file names."""

from collections.abc import Mapping

from run.config import Kind, ModelConfig, View
from trainer.models.logistic_regression import LogisticRegression
from trainer.models.mlp import MLP
from trainer.models.network import Network
from trainer.models.textcnn import TextCNN
from trainer.models.textrnn import TextRNN

_KINDS: dict[Kind, type[Network]] = {
    "textcnn": TextCNN,
    "textrnn": TextRNN,
    "mlp": MLP,
    "logistic_regression": LogisticRegression,
}
_OVER_ALL_VIEWS = ("mlp", "logistic_regression")
"""Kinds that do not see the order of tokens, but for what pairs tell."""


def networks(config: ModelConfig, sizes: Mapping[View, int], classes: int, seed: int) -> dict[str, Network]:
    """Returns the networks by name, each with initial weights of its own, the same on every worker.

    Args:
        config: which, and their sizes.
        sizes: how many token ids each view has.
        classes: number of labels.
        seed: the run's.
    """
    built: dict[str, Network] = {}
    for number, kind in enumerate(config.networks):
        views = sizes if kind in _OVER_ALL_VIEWS else {view: sizes[view] for view in config.views if view in sizes}
        name = kind.replace("_", " ")
        before = config.networks[:number].count(kind)
        built[f"{name} {before + 1}" if before else name] = _KINDS[kind](config, views, classes, seed + 1_000 * number)
    return built

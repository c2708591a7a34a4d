"""A worker's place in the cluster. No TensorFlow: the driver knows places too."""

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """Which of how many workers this process is, and what it may use.

    With more than one worker, whoever launches the process sets TF_CONFIG as TensorFlow documents it.
    """

    worker: int
    workers: int
    cores: int
    gpus: tuple[str, ...] = ()
    """What it was promised, as CUDA_VISIBLE_DEVICES names them; whoever launches the process sets that."""

    @property
    def is_chief(self) -> bool:
        """Worker 0 exports the model."""
        return self.worker == 0


def laptop() -> Place:
    """The place of the only worker, with all cores of this machine."""
    return Place(0, 1, os.cpu_count() or 1)

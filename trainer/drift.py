"""Whether all workers have the same weights, as they must after every step."""

from collections.abc import Iterable

import numpy as np

from trainer.collective import Collective
from trainer.errors import TrainingError

TOLERANCE = 1e-6
"""Of the sum of the weights' magnitudes. Processors of different kinds may round differently, which comes to far less;
a step that a worker has not made, or made with other gradients, comes to far more."""


def check_equal(weights: Iterable[np.ndarray], collective: Collective, epoch: int) -> None:
    """Compares a checksum of the weights over all workers, each of which must call it.

    The checksum is the sum of the weights in float64. Weights that are no numbers are not its business.

    Raises:
        TrainingError: they differ; on every worker, with the sums.
    """
    arrays = list(weights)
    sums = collective.gather(float(sum(w.sum(dtype=np.float64) for w in arrays)))
    magnitudes = collective.gather(float(sum(np.abs(w).sum(dtype=np.float64) for w in arrays)))
    if np.ptp(sums) > TOLERANCE * magnitudes.max():
        of_each = ", ".join(f"{total:.9g} on worker {worker}" for worker, total in enumerate(sums))
        raise TrainingError(
            f"The workers' weights are no longer the same at the end of epoch {epoch}: their sum is {of_each}. One has "
            "computed something else than the others. Check memory, processor and GPU of its machine, and that all "
            "have the same packages; then train again."
        )

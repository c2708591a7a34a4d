"""Who keeps the others waiting shows in what each worker takes by itself: a step lasts as long for all of them."""

import numpy as np
import pytest

from run.events import Straggler
from trainer.pace import straggler


@pytest.mark.parametrize(
    ("seconds", "found"),
    [
        ([1.0, 5.0], Straggler(1, 5.0)),
        ([9.0, 2.0, 3.0, 3.0, 1.0], Straggler(0, 3.6)),
        ([1.0, 1.9], None),
        ([3.0], None),
        ([0.0, 0.0], None),
    ],
)
def test_the_slowest_is_held_to_the_median_of_the_others(seconds: list[float], found: Straggler | None) -> None:
    assert straggler(np.array(seconds)) == found

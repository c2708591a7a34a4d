"""The weights of a mixture: those that make the labels most probable."""

import numpy as np
import pytest

from trainer.collective import Collective
from trainer.mixture import fitted


def logs(probabilities: list[list[list[float]]]) -> np.ndarray:
    return np.log(np.array(probabilities))


RIGHT, WRONG, EVEN = [0.8, 0.2], [0.2, 0.8], [0.5, 0.5]


def test_a_member_that_says_nothing_has_no_weight(collective: Collective) -> None:
    members = logs([[RIGHT, EVEN]] * 80 + [[WRONG, EVEN]] * 20)
    weights = fitted(members, np.zeros(100, np.int32), collective)
    assert weights == pytest.approx([1, 0], abs=1e-3)


def test_a_member_that_knows_more_has_more_weight(collective: Collective) -> None:
    members = logs([[RIGHT, RIGHT]] * 60 + [[WRONG, RIGHT]] * 25 + [[RIGHT, WRONG]] * 15)
    network, counting = fitted(members, np.zeros(100, np.int32), collective)
    assert counting > network > 0


def test_a_member_that_is_wrong_has_no_weight_rather_than_a_negative_one(collective: Collective) -> None:
    members = logs([[RIGHT, WRONG]] * 80 + [[WRONG, WRONG]] * 20)
    assert fitted(members, np.zeros(100, np.int32), collective)[1] == 0


def test_overconfident_members_are_toned_down(collective: Collective) -> None:
    sure = [[1 - 1e-12, 1e-12], [1 - 1e-9, 1e-9]]
    members = logs([sure] * 75 + [[row[::-1] for row in sure]] * 25)
    weights = fitted(members, np.zeros(100, np.int32), collective)
    score = float(members[0, :, 0] @ weights - members[0, :, 1] @ weights)
    assert score == pytest.approx(np.log(3), abs=0.05)  # they are right three times of four


def test_without_documents_the_network_stands_alone(collective: Collective) -> None:
    assert fitted(np.zeros((0, 2, 3)), np.zeros(0, np.int32), collective).tolist() == [1, 0]

"""Every test of the trainer may be the first that uses TensorFlow, which has to be told its threads before."""

import pytest

from trainer.collective import Collective


@pytest.fixture(autouse=True, scope="session")
def _before_all_else(collective: Collective) -> None:
    assert collective.place.is_chief

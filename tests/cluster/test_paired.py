"""Two models on the same documents, trained with several seeds: when a difference is real, and when it is luck."""

from collections.abc import Sequence

import numpy as np
import pytest

from cluster.paired import OverSeeds, corrected, over_seeds

Told = list[tuple[int, int, int]]


def told(right: Sequence[bool]) -> Told:
    """What a model has told of documents of one class."""
    return [(document, 1, int(hit)) for document, hit in enumerate(right)]


def hits(number: int, of: int = 100) -> list[bool]:
    return [document < number for document in range(of)]


def test_the_lead_is_the_mean_over_seeds_and_documents() -> None:
    test = over_seeds([told(hits(90)), told(hits(80))], [told(hits(70)), told(hits(76))])
    assert test.documents == 100
    assert test.lead == pytest.approx(0.12)
    assert test.low < 0.12 < test.high
    mirrored = over_seeds([told(hits(70)), told(hits(76))], [told(hits(90)), told(hits(80))])
    assert (mirrored.lead, mirrored.low, mirrored.high, mirrored.p) == pytest.approx(
        (-test.lead, -test.high, -test.low, test.p)
    )


def test_the_same_answers_are_no_difference() -> None:
    test = over_seeds([told(hits(90))] * 3, [told(hits(90))])
    assert (test.lead, test.low, test.high, test.p, test.real) == (0.0, 0.0, 0.0, 1.0, False)


def test_a_lead_with_every_seed_is_real_and_one_that_seeds_turn_round_is_not() -> None:
    steady = over_seeds([told(hits(n, 1_000)) for n in (900, 905, 895)], [told(hits(850, 1_000))])
    assert steady.real
    turned = over_seeds([told(hits(n, 1_000)) for n in (980, 840, 880)], [told(hits(850, 1_000))])
    assert turned.lead == pytest.approx(steady.lead)
    assert not turned.real


def test_a_lead_on_few_documents_is_luck_however_much_seeds_agree() -> None:
    assert not over_seeds([told(hits(90))] * 5, [told(hits(88))]).real


def test_copies_of_a_document_are_one_observation() -> None:
    once = over_seeds([told(hits(9, 10)), told(hits(8, 10))], [told(hits(6, 10))])
    twice = over_seeds([told(hits(9, 10)) * 2, told(hits(8, 10)) * 2], [told(hits(6, 10)) * 2])
    assert once == twice


@pytest.mark.parametrize("seeds_of_second", [1, 3])
def test_of_equally_good_models_hardly_more_than_one_in_twenty_seems_better(seeds_of_second: int) -> None:
    generator = np.random.default_rng(1)
    documents, comparisons = 300, 300

    def trained(seeds: int, difficulty: np.ndarray) -> list[Told]:
        """A model that finds some documents easier than others do, and of which each seed is better or worse."""
        liking, luck = generator.normal(0, 0.5, documents), generator.normal(0, 0.05 * (seeds > 1), (seeds, 1))
        noise = generator.normal(0, 0.5, (seeds, documents))
        return [told(list(of_seed > -1.2)) for of_seed in difficulty + liking + luck + noise]

    found = 0
    for _ in range(comparisons):
        difficulty = generator.normal(0, 1, documents)
        found += over_seeds(trained(3, difficulty), trained(seeds_of_second, difficulty)).real
    assert found / comparisons < 0.05 + 2 * (0.05 * 0.95 / comparisons) ** 0.5


def test_of_several_tests_each_has_to_be_surer() -> None:
    tests = [OverSeeds(100, 0.1, 0.0, 0.2, p) for p in (0.04, 0.01, 0.03)]
    assert [test.p for test in corrected(tests)] == pytest.approx([0.06, 0.03, 0.06])

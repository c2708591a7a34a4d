"""What the model that is known by hand says of documents one by one."""

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from run.events import Judged, from_json, to_json
from tests.conftest import ShareOf
from text.language import Language
from trainer import inspecting

if TYPE_CHECKING:
    from trainer.collective import Collective
    from trainer.mixture import Mixture

GOOD, BAD, UNKNOWN = 2, 3, 1
DOCUMENTS = [([GOOD], 0), ([BAD, UNKNOWN], 0), ([BAD], 1), ([UNKNOWN], 0), ([GOOD, UNKNOWN], 1)]
"""好 and 坏 speak with odds of 3 to 1 for their classes: the second and the last are wrong."""


@pytest.fixture
def judged(known_mixture: "Mixture", known_language: Language, collective: "Collective", share_of: ShareOf) -> Judged:
    return inspecting.judged(known_mixture, share_of(DOCUMENTS), known_language, collective)


def test_documents_are_counted_by_how_sure_the_model_is_and_how_often_it_is_right(judged: Judged) -> None:
    assert [of_bin for of_bin in judged.bins if of_bin[0]] == [
        pytest.approx([1, 0.5, 1]),
        pytest.approx([4, 4 * 0.75, 2]),
    ]
    assert [number for number, of_bin in enumerate(judged.bins) if of_bin[0]] == [5, 7]


def test_documents_are_counted_by_the_place_of_their_label(judged: Judged) -> None:
    assert judged.places == [3, 2]


def test_mistakes_come_with_the_words_that_made_them(judged: Judged) -> None:
    by_label = {mistake.label: mistake for mistake in judged.mistakes}
    assert set(by_label) == {"好评", "差评"}
    mistake = by_label["好评"]
    assert (mistake.predicted, mistake.tokens) == ("差评", ["坏", ""])
    assert mistake.confidence == pytest.approx(0.75)
    assert mistake.contributions[0] > 0
    assert mistake.contributions[1] == 0


def test_the_surest_mistakes_are_kept(
    known_mixture: "Mixture",
    known_language: Language,
    collective: "Collective",
    share_of: ShareOf,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(inspecting, "MISTAKES", 1)
    unsure = share_of([([UNKNOWN], 1), ([GOOD], 1), ([UNKNOWN], 1)])
    found = inspecting.judged(known_mixture, unsure, known_language, collective)
    assert [mistake.tokens for mistake in found.mistakes] == [["好"]]


def test_of_copies_one_is_shown(
    known_mixture: "Mixture", known_language: Language, collective: "Collective", share_of: ShareOf
) -> None:
    copied = share_of([([BAD], 0)] * 3 + [([BAD, UNKNOWN], 0)])
    found = inspecting.judged(known_mixture, copied, known_language, collective)
    assert sorted(mistake.tokens for mistake in found.mistakes) == [["坏"], ["坏", ""]]
    assert found.places == [0, 4]


def test_a_document_is_known_by_its_tokens_in_whatever_order_they_come(
    judged: Judged, known_mixture: "Mixture", known_language: Language, collective: "Collective", share_of: ShareOf
) -> None:
    turned = inspecting.judged(known_mixture, share_of(DOCUMENTS[::-1]), known_language, collective)
    assert turned.documents == judged.documents
    assert sorted(row[1:3] for row in judged.documents) == [[0, 0], [0, 0], [0, 1], [1, 0], [1, 1]]
    assert len({row[0] for row in judged.documents}) == len(DOCUMENTS)


def test_each_member_is_asked_for_its_own_answer(judged: Judged) -> None:
    assert judged.models == ["model", "textcnn", "naive Bayes"]
    model, network, bayes = zip(*(row[2:] for row in judged.documents), strict=True)
    assert network == model
    assert set(bayes) == {0}  # it has no say, and so no opinion


def test_of_many_documents_the_same_are_kept_whatever_the_model_says_of_them(
    judged: Judged,
    known_mixture: "Mixture",
    known_language: Language,
    collective: "Collective",
    share_of: ShareOf,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(inspecting, "KEPT", 2)
    found = inspecting.judged(known_mixture, share_of(DOCUMENTS), known_language, collective)
    assert found.documents == judged.documents[:2]


def test_without_test_documents_nothing_is_said(
    known_mixture: "Mixture", known_language: Language, collective: "Collective", share_of: ShareOf
) -> None:
    found = inspecting.judged(known_mixture, share_of([]), known_language, collective)
    assert (found.places, found.mistakes, found.documents) == ([0, 0], [], [])


def test_it_travels_to_the_driver(judged: Judged) -> None:
    assert from_json(to_json(judged)) == judged
    assert from_json(to_json(replace(judged, mistakes=[]))) != judged

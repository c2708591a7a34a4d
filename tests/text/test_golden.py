"""Golden examples: every label, short and long, mixed scripts; the same ones for the same documents."""

import pytest

from text.golden import LONGEST, Candidates, chosen
from text.records import Document


def candidates(*documents: tuple[str, str]) -> list[str]:
    found = Candidates()
    return [text for text, label in documents if found.is_one(text, label)]


def test_the_first_document_of_each_label_is_a_candidate() -> None:
    assert candidates(("好书", "y"), ("坏书", "y"), ("差书", "n")) == ["好书", "差书"]


def test_a_document_that_is_longer_or_shorter_than_all_before_is_a_candidate() -> None:
    assert candidates(("好书", "y"), ("好书呀", "y"), ("不好", "y"), ("好", "y")) == ["好书", "好书呀", "好"]


def test_the_first_document_that_mixes_scripts_is_a_candidate() -> None:
    assert candidates(("好书好书", "y"), ("好手机", "y"), ("5G手机", "y"), ("4G手机", "y")) == [
        "好书好书",
        "好手机",
        "5G手机",
    ]


def test_a_huge_document_is_no_candidate() -> None:
    assert candidates(("好" * LONGEST, "y"), ("好" * (LONGEST + 1), "y")) == ["好" * LONGEST]


DOCUMENTS = [Document("字" * length, "abc"[length % 3]) for length in range(1, 40)]


def test_each_label_has_an_example() -> None:
    labels = {document.text: document.label for document in DOCUMENTS}
    assert {labels[text] for text in chosen(DOCUMENTS, 3)} == {"a", "b", "c"}


def test_the_shortest_and_the_longest_are_among_them() -> None:
    lengths = set(map(len, chosen(DOCUMENTS, 8)))
    assert len(lengths) == 8
    assert {1, 39} <= lengths


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 39, 50])
def test_there_are_as_many_as_asked_for_and_none_twice(count: int) -> None:
    found = chosen([*DOCUMENTS, *DOCUMENTS], count)
    assert len(found) == len(set(found)) == min(count, 39)


def test_the_order_of_the_candidates_does_not_matter() -> None:
    assert chosen(DOCUMENTS, 7) == chosen(DOCUMENTS[::-1], 7)

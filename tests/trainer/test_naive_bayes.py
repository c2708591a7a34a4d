"""Naive Bayes: its answers worked out by hand."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
import tensorflow as tf

from trainer import naive_bayes
from trainer.collective import Collective
from trainer.naive_bayes import ClassCounts, NaiveBayes
from trainer.spool import Share

ShareOf = Callable[[Sequence[tuple[list[int], int]]], Share]

DOCUMENTS = [([2, 2, 1], 0), ([2, 3], 0), ([3], 1)]
"""Of class 0 the tokens 2, 2, 2, 3 and one that is unknown; of class 1 the token 3."""


def answers(bayes: NaiveBayes, documents: list[list[int]]) -> np.ndarray:
    ids = tf.ragged.constant(documents, dtype=tf.int32).to_tensor()
    scores: np.ndarray = tf.nn.softmax(bayes.classify({"word": bayes.tables["word"]}, {"word": ids})).numpy()
    return scores


def shares(scores: list[np.ndarray], tokens: list[int]) -> np.ndarray:
    """Probabilities that are as large as the scores, over the root of the number of tokens in logarithms."""
    powers = np.array(scores) ** (1 / np.sqrt(tokens))[:, None]
    return powers / powers.sum(1, keepdims=True)


def test_classes_are_as_probable_as_their_documents_and_tokens(collective: Collective, share_of: ShareOf) -> None:
    bayes = NaiveBayes.of(ClassCounts.of(share_of(DOCUMENTS), {"word": 4}, 2, collective))
    good, bad = 3.1 / 4.2, 1.1 / 4.2  # of class 0; 0.1 / 1.2 and 1.1 / 1.2 of class 1
    prior = np.array([2.1, 1.1])
    expected = [
        prior,
        prior * [good, 0.1 / 1.2],
        prior * [good * bad, 0.1 / 1.2 * 1.1 / 1.2],
    ]
    found = answers(bayes, [[], [2], [2, 3]])
    assert found == pytest.approx(shares(expected, [1, 1, 2]), rel=1e-5)


def test_unknown_tokens_and_padding_say_nothing(collective: Collective, share_of: ShareOf) -> None:
    bayes = NaiveBayes.of(ClassCounts.of(share_of(DOCUMENTS), {"word": 4}, 2, collective))
    alone, filled = answers(bayes, [[2]]), answers(bayes, [[1, 2, 1], [1, 1, 1]])
    assert filled == pytest.approx(shares([alone[0], np.array([2.1, 1.1])], [3, 3]))


def test_documents_are_counted_in_pieces(
    collective: Collective, share_of: ShareOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(0)
    share = share_of([(random.integers(1, 20, random.integers(0, 9)).tolist(), int(i % 3)) for i in range(100)])
    whole = NaiveBayes.of(ClassCounts.of(share, {"word": 20}, 3, collective))
    monkeypatch.setattr(naive_bayes, "COUNTED_TOKENS", 7)
    pieces = NaiveBayes.of(ClassCounts.of(share, {"word": 20}, 3, collective))
    assert (pieces.tables["word"].numpy() == whole.tables["word"].numpy()).all()


def test_several_shares_count_as_one(collective: Collective, share_of: ShareOf) -> None:
    whole = NaiveBayes.of(ClassCounts.of(share_of(DOCUMENTS), {"word": 4}, 2, collective))
    parts = NaiveBayes.of(
        ClassCounts.of(share_of(DOCUMENTS[:1]), {"word": 4}, 2, collective)
        + ClassCounts.of(share_of(DOCUMENTS[1:]), {"word": 4}, 2, collective)
    )
    assert (parts.tables["word"].numpy() == whole.tables["word"].numpy()).all()
    assert (parts.prior.numpy() == whole.prior.numpy()).all()


def test_without_documents_nothing_is_known(collective: Collective, share_of: ShareOf) -> None:
    bayes = NaiveBayes.of(ClassCounts.of(share_of([]), {"word": 4}, 2, collective))
    assert answers(bayes, [[2, 3]]) == pytest.approx(np.full((1, 2), 0.5))

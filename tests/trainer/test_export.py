"""The exported model: it answers as the trained one did, or it is refused."""

import json
import locale
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from run.config import RunConfig, View
from run.metrics import Evaluation
from tests.encoded import word_language
from text.language import Language
from text.segmenter import Segmenter
from text.vocabulary import Vocabulary
from trainer.errors import ModelError
from trainer.export import check, export, golden, metrics_of
from trainer.mixture import Mixture
from trainer.models.textcnn import TextCNN
from trainer.naive_bayes import NaiveBayes
from trainer.spool import Share

ShareOf = Callable[[Sequence[tuple[list[int], int]]], Share]

IDS: dict[View, np.ndarray] = {"word": np.array([[2, 0], [3, 3], [2, 3], [1, 0], [0, 0]], np.int32)}


@pytest.fixture(scope="module")
def signatures(exported: Path) -> Any:
    return tf.saved_model.load(str(exported)).signatures


def test_tokens_get_the_known_answers(signatures: Any) -> None:
    answer = signatures["tokens"](word=tf.constant([["好", ""], ["坏", "书"], ["好", "坏"], ["书", ""], ["", ""]]))
    assert answer["probabilities"].numpy() == pytest.approx(
        np.array([[0.75, 0.25], [0.25, 0.75], [0.5, 0.5], [0.5, 0.5], [0.5, 0.5]])
    )
    assert [label.decode() for label in answer["label"].numpy()[:2]] == ["好评", "差评"]
    assert answer["score"].numpy() == pytest.approx([0.75, 0.75, 0.5, 0.5, 0.5])


def test_ids_get_the_answers_of_their_tokens(signatures: Any) -> None:
    answer = signatures["ids"](word=tf.constant(IDS["word"]))
    assert answer["probabilities"].numpy() == pytest.approx(
        np.array([[0.75, 0.25], [0.25, 0.75], [0.5, 0.5], [0.5, 0.5], [0.5, 0.5]])
    )
    assert [label.decode() for label in answer["label"].numpy()[:2]] == ["好评", "差评"]


def test_tokens_are_the_default(signatures: Any) -> None:
    answer = signatures["serving_default"](word=tf.constant([["坏"]]))
    assert answer["score"].numpy() == pytest.approx([0.75])


def test_the_card_tells_how_to_use_the_model(exported: Path, signatures: Any) -> None:
    card = json.loads((exported / "model.json").read_text(encoding="utf-8"))
    assert (card["name"], card["labels"], card["rows"]) == ("known", ["好评", "差评"], {"train": 7})
    assert (card["text"]["views"], card["text"]["max_length"]) == ({"word": 4}, 4)
    assert set(card["signatures"]["inputs"]) == set(signatures)
    outputs = signatures["tokens"](word=tf.constant([["好"]]))
    assert set(card["signatures"]["outputs"]) == set(outputs)
    assert card["versions"]["keras"]


def test_the_assets_are_a_token_and_a_label_a_line(exported: Path) -> None:
    assert (exported / "assets" / "vocabulary-word.txt").read_text(encoding="utf-8") == "好\n坏\n"
    assert (exported / "assets" / "labels.txt").read_text(encoding="utf-8") == "好评\n差评\n"


@pytest.fixture
def ascii_locale() -> Iterator[None]:
    before = locale.setlocale(locale.LC_CTYPE)
    locale.setlocale(locale.LC_CTYPE, "C")
    yield
    locale.setlocale(locale.LC_CTYPE, before)


@pytest.mark.usefixtures("ascii_locale")
def test_the_card_is_utf_8_under_every_locale(
    known_mixture: Mixture, known_language: Language, known_config: RunConfig, tmp_path: Path
) -> None:
    export(known_mixture, known_language, known_config, {}, tmp_path / "model")
    assert json.loads((tmp_path / "model" / "model.json").read_bytes())["labels"] == ["好评", "差评"]


def test_the_metrics_on_the_card_are_those_of_the_test() -> None:
    evaluation = Evaluation(np.array([[3, 1], [2, 4]]), 0.5)
    assert metrics_of(evaluation) == {
        "test": {"accuracy": 0.7, "macro_f1": pytest.approx((2 / 3 + 8 / 11) / 2), "rows": 10}
    }
    assert metrics_of(Evaluation(np.zeros((2, 2), np.int64), float("nan"))) == {}


# The check before publishing


def mixture_of(network: TextCNN, language: Language) -> Mixture:
    """The network and a naive Bayes that has a say."""
    random, classes = np.random.default_rng(2), len(language.labels)
    tables = {view: random.normal(size=(size, classes)) for view, size in language.sizes.items()}
    return Mixture({"textcnn": network}, NaiveBayes(np.zeros(classes), tables), np.array([0.75, 0.25]))


def test_a_model_that_answers_as_in_training_passes(
    exported: Path, known_model: TextCNN, known_language: Language
) -> None:
    check(exported, IDS, known_model.call(IDS).numpy(), known_language)


def test_strange_tokens_keep_their_numbers(collective: Any, known_config: RunConfig, tmp_path: Path) -> None:
    assert collective.place.is_chief
    language = word_language(["\x00", "\ufeff", "😀", "\u200b", "#", '"', "a\u0301", "\x01", "𠀀"], ["a", "b"])
    model = TextCNN(known_config.model, language.sizes, 2, seed=1)
    model.set_weights([np.random.default_rng(0).normal(size=w.shape) for w in model.get_weights()])
    export(mixture_of(model, language), language, known_config, {}, tmp_path / "model")
    ids: dict[View, np.ndarray] = {"word": np.arange(language.sizes["word"], dtype=np.int32)[:, None]}
    check(tmp_path / "model", ids, mixture_of(model, language)(ids).numpy(), language)


def test_a_model_with_other_weights_is_refused(exported: Path, known_model: TextCNN, known_language: Language) -> None:
    logits = known_model.call(IDS).numpy()
    logits[3, 0] += 0.01  # moves a probability by about 0.0025
    with pytest.raises(ModelError, match=r"signature 'ids' differs from the trained model by 0\.0025"):
        check(exported, IDS, logits, known_language)


def test_a_model_with_another_vocabulary_is_refused(exported: Path, known_model: TextCNN) -> None:
    with pytest.raises(ModelError, match="signature 'tokens' differs"):
        check(exported, IDS, known_model.call(IDS).numpy(), word_language(["坏", "好"], ["好评", "差评"]))


def test_a_model_whose_answers_are_no_numbers_is_refused(exported: Path, known_language: Language) -> None:
    with pytest.raises(ModelError, match="differs"):
        check(exported, IDS, np.full((5, 2), np.nan, np.float32), known_language)


def test_a_model_that_does_not_load_is_refused(known_language: Language, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=f"{tmp_path} does not load"):
        check(tmp_path, IDS, np.zeros((5, 2), np.float32), known_language)


def test_a_chief_without_documents_can_check_its_model(
    exported: Path, known_model: TextCNN, known_language: Language, share_of: ShareOf
) -> None:
    ids = golden(share_of([]), 32)
    assert len(ids["word"]) > 0  # no model goes unchecked
    check(exported, ids, known_model.call(ids).numpy(), known_language)


def test_golden_examples_go_from_the_shortest_to_the_longest(share_of: ShareOf) -> None:
    share = share_of([([2] * length, 0) for length in (5, 1, 4, 2, 3)])
    assert (golden(share, 3)["word"] != 0).sum(axis=1).tolist() == [1, 3, 5]


def test_there_are_no_more_golden_examples_than_documents(share_of: ShareOf) -> None:
    assert golden(share_of([([2, 3], 0), ([3], 1)]), 32)["word"].tolist() == [[3, 0], [2, 3]]


def test_a_model_of_several_views_has_an_input_for_each(
    collective: Any, known_config: RunConfig, tmp_path: Path
) -> None:
    assert collective.place.is_chief
    language = Language(Segmenter(), {"word": Vocabulary(("很好",)), "char": Vocabulary(("好", "很"))}, ("a", "b"))
    model = TextCNN(known_config.model, language.sizes, 2, seed=1)
    export(mixture_of(model, language), language, known_config, {}, tmp_path / "model")
    ids: dict[View, np.ndarray] = {"word": np.array([[2]], np.int32), "char": np.array([[3, 2]], np.int32)}
    check(tmp_path / "model", ids, mixture_of(model, language)(ids).numpy(), language)
    answer = tf.saved_model.load(str(tmp_path / "model")).signatures["tokens"](
        word=tf.constant([["很好"]]), char=tf.constant([["很", "好"]])
    )
    assert answer["probabilities"].numpy() == pytest.approx(
        tf.nn.softmax(mixture_of(model, language)(ids)).numpy(), abs=1e-6
    )

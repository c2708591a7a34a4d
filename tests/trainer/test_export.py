"""The exported model: it answers as the trained one did, or it is refused."""

import gc
import json
import locale
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from run.config import ExportConfig, RunConfig, TextConfig
from run.metrics import Evaluation
from tests.conftest import GOLDEN
from tests.encoded import word_language
from text.language import Language
from text.segmenter import Segmenter
from text.vocabulary import Vocabulary
from trainer.errors import ModelError
from trainer.export import PORTABLE, check, export, metrics_of
from trainer.mixture import Mixture
from trainer.models.build import networks
from trainer.models.textcnn import TextCNN
from trainer.naive_bayes import NaiveBayes

pytestmark = pytest.mark.integration


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
    answer = signatures["ids"](word=tf.constant([[2, 0], [3, 3], [2, 3], [1, 0], [0, 0]]))
    assert answer["probabilities"].numpy() == pytest.approx(
        np.array([[0.75, 0.25], [0.25, 0.75], [0.5, 0.5], [0.5, 0.5], [0.5, 0.5]])
    )
    assert [label.decode() for label in answer["label"].numpy()[:2]] == ["好评", "差评"]


def test_texts_are_the_default_and_get_the_answers_of_their_tokens(signatures: Any) -> None:
    answer = signatures["serving_default"](text=tf.constant(["好", "坏，书", "\n好坏", "书", ""]))
    assert answer["probabilities"].numpy() == pytest.approx(
        np.array([[0.75, 0.25], [0.25, 0.75], [0.5, 0.5], [0.5, 0.5], [0.5, 0.5]])
    )
    assert [label.decode() for label in answer["label"].numpy()[:2]] == ["好评", "差评"]


def test_no_texts_get_no_answers(signatures: Any) -> None:
    assert signatures["serving_default"](text=tf.constant([], tf.string))["probabilities"].shape == (0, 2)


def test_a_text_is_cut_where_training_cuts_it(signatures: Any) -> None:
    answer = signatures["serving_default"](text=tf.constant(["哦，哦好", "哦，哦，好"]))  # the fourth word, the fifth
    assert answer["score"].numpy() == pytest.approx([0.75, 0.5])


def test_an_explanation_says_what_each_token_adds_to_the_lead_of_the_label(signatures: Any) -> None:
    answer = signatures["explain"](text=tf.constant(["书好", "坏，好，坏"]))
    assert [label.decode() for label in answer["label"].numpy()] == ["好评", "好评"]
    assert [[t.decode() for t in row] for row in answer["tokens_word"].numpy()] == [
        ["书", "好", "", ""],
        ["坏", "，", "好", "，"],
    ]
    third = np.log(3) / 2  # 好 and 坏 pull apart the two classes by the logarithm of three
    assert answer["contributions_word"].numpy() == pytest.approx(np.array([[0, third, 0, 0], [-third, 0, third, 0]]))


def test_labels_are_told_in_the_order_of_the_probabilities(signatures: Any) -> None:
    assert [label.decode() for label in signatures["labels"]()["labels"].numpy()] == ["好评", "差评"]


def test_the_card_tells_how_to_use_the_model(exported: Path, signatures: Any) -> None:
    card = json.loads((exported / "model.json").read_text(encoding="utf-8"))
    assert (card["name"], card["labels"], card["rows"]) == ("known", ["好评", "差评"], {"train": 7})
    assert (card["text"]["views"], card["text"]["max_length"]) == ({"word": 4}, 4)
    for name, described in card["signatures"].items():
        assert set(described["inputs"]) == set(signatures[name].structured_input_signature[1])
        assert set(described["outputs"]) == set(signatures[name].structured_outputs)
    assert set(card["signatures"]) == set(signatures)
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
    export(known_mixture, known_language, known_config, {}, GOLDEN, tmp_path / "model")
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


def test_a_model_that_answers_as_in_training_passes(exported: Path) -> None:
    check(exported)


def test_the_golden_examples_lie_beside_the_model(exported: Path) -> None:
    lines = (exported / "assets.extra" / "golden.jsonl").read_text(encoding="utf-8").splitlines()
    examples = [json.loads(line) for line in lines]
    assert [example["text"] for example in examples] == list(GOLDEN)
    assert examples[1] == {
        "text": "坏，坏",
        "tokens": {"word": ["坏", "，", "坏"]},
        "ids": {"word": [3, 1, 3]},
        "label": "差评",
        "probabilities": pytest.approx([0.25, 0.75]),
    }


def test_strange_tokens_keep_their_numbers(collective: Any, known_config: RunConfig, tmp_path: Path) -> None:
    assert collective.place.is_chief
    tokens = ["\x00", "\ufeff", "😀", "\u200b", "#", '"', "\u0301", "\x01", "𠀀"]
    language = word_language(tokens, ["a", "b"])
    model = TextCNN(known_config.model, language.sizes, 2, seed=1)
    model.set_weights([np.random.default_rng(0).normal(size=w.shape) for w in model.get_weights()])
    export(mixture_of(model, language), language, known_config, {}, tokens, tmp_path / "model")
    check(tmp_path / "model")


def other(model: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """A model whose third golden example is another."""
    file = model / "assets.extra" / "golden.jsonl"
    lines = file.read_text(encoding="utf-8").splitlines()
    example = json.loads(lines[2])
    change(example)
    file.write_text("\n".join([*lines[:2], json.dumps(example), *lines[3:]]), encoding="utf-8")
    return model


@pytest.fixture
def copied(exported: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(exported, tmp_path / "model"))


def test_a_model_that_gives_other_probabilities_is_refused(copied: Path) -> None:
    model = other(copied, lambda example: example.update(probabilities=[0.5025, 0.4975]))
    with pytest.raises(
        ModelError, match=r"signature 'ids' differs from the trained model by 0\.0025 .*example '书 好坏'"
    ):
        check(model)


def test_a_model_with_another_vocabulary_is_refused(copied: Path) -> None:
    model = other(copied, lambda example: example["tokens"].update(word=["好", "好"]))
    with pytest.raises(ModelError, match="signature 'tokens' differs"):
        check(model)


def test_a_model_that_cuts_texts_otherwise_is_refused(copied: Path) -> None:
    model = other(copied, lambda example: example.update(text="书 好"))
    with pytest.raises(ModelError, match="signature 'serving_default' differs"):
        check(model)


def test_a_model_with_other_labels_is_refused(copied: Path) -> None:
    model = other(copied, lambda example: example.update(label="差评"))
    with pytest.raises(ModelError, match=r"'labels' has '好评' where the trained model said '差评' of .*'书 好坏'"):
        check(model)


def test_a_model_that_finds_other_tokens_is_refused_even_if_they_say_the_same(copied: Path) -> None:
    model = other(copied, lambda example: example["tokens"].update(word=["哦", "好坏"]))
    with pytest.raises(ModelError, match="token 1 of the view 'word' is '书' in its graph, '哦' in Python"):
        check(model)


def test_a_model_whose_answers_are_no_numbers_is_refused(copied: Path) -> None:
    model = other(copied, lambda example: example.update(probabilities=[float("nan"), 0.5]))
    with pytest.raises(ModelError, match="differs"):
        check(model)


def test_a_model_that_does_not_load_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=f"{tmp_path} does not load"):
        check(tmp_path)


def test_a_model_of_several_views_has_an_input_for_each(
    collective: Any, known_config: RunConfig, tmp_path: Path
) -> None:
    assert collective.place.is_chief
    language = Language(Segmenter(), {"word": Vocabulary(("北京",)), "char": Vocabulary(("京", "北"))}, ("a", "b"))
    config = replace(known_config, text=TextConfig(views=("word", "char")))
    model = TextCNN(config.model, language.sizes, 2, seed=1)
    mixture = mixture_of(model, language)
    export(mixture, language, config, {}, ("北京", "北"), tmp_path / "model")
    check(tmp_path / "model")
    loaded = tf.saved_model.load(str(tmp_path / "model"))
    signatures = loaded.signatures
    expected = tf.nn.softmax(mixture({"word": np.array([[2]], np.int32), "char": np.array([[3, 2]], np.int32)})).numpy()
    of_tokens = signatures["tokens"](word=tf.constant([["北京"]]), char=tf.constant([["北", "京"]]))
    of_text = signatures["serving_default"](text=tf.constant(["北京"]))
    assert of_tokens["probabilities"].numpy() == pytest.approx(expected, abs=1e-6)
    assert of_text["probabilities"].numpy() == pytest.approx(expected, abs=1e-6)


def test_the_networks_of_a_committee_have_computed_tables_of_their_own_in_a_server(
    collective: Any, known_config: RunConfig, tmp_path: Path
) -> None:
    assert collective.place.is_chief
    language = word_language(["好", "坏"], ["a", "b"])
    config = replace(known_config, model=replace(known_config.model, networks=("textcnn", "textcnn")))
    built = networks(config.model, language.sizes, 2, seed=1)
    bayes = NaiveBayes(np.zeros(2), {"word": np.zeros((4, 2))})
    mixture = Mixture(built, bayes, np.array([3.0, -2.0, 0.0]))
    export(mixture, language, config, {}, ("好", "坏"), tmp_path / "model")
    expected = tf.nn.softmax(mixture({"word": np.array([[2, 3]], np.int32)})).numpy()
    graph = tf.Graph()  # in a session, as servers do that know nothing of Python's objects
    with graph.as_default(), tf.compat.v1.Session() as session:
        signature = tf.compat.v1.saved_model.load(session, ["serve"], str(tmp_path / "model")).signature_def["tokens"]
        given = {signature.inputs["word"].name: [["好", "坏"]]}
        found = session.run(signature.outputs["probabilities"].name, given)
    assert found == pytest.approx(expected, abs=1e-6)


def test_two_versions_in_one_process_have_computed_tables_of_their_own(
    exported: Path, known_mixture: Mixture, known_language: Language, known_config: RunConfig, tmp_path: Path
) -> None:
    network = TextCNN(known_config.model, known_language.sizes, 2, seed=5)
    mixture = Mixture({"textcnn": network}, known_mixture.bayes)
    export(mixture, known_language, known_config, {}, GOLDEN, tmp_path / "model")
    before = tf.saved_model.load(str(exported))
    check(tmp_path / "model")
    check(exported)
    assert before.signatures["serving_default"](text=tf.constant(["好"]))["score"].numpy() == pytest.approx([0.75])


def test_model_of_keras_own_layers_is_held_to_the_golden_examples_too(
    known_mixture: Mixture, known_language: Language, known_config: RunConfig, tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    export(known_mixture, known_language, replace(known_config, export=ExportConfig(keras=True)), {}, GOLDEN, folder)
    check(folder)
    portable = keras.models.load_model(folder / PORTABLE)
    assert portable({"word": np.array([[2, 0], [3, 3], [1, 0]])}).numpy() == pytest.approx(
        np.array([[0.75, 0.25], [0.25, 0.75], [0.5, 0.5]])
    )
    assert PORTABLE in json.loads((folder / "model.json").read_text(encoding="utf-8"))["sha256"]
    slanted = [of + 0.1 * np.arange(of.size).reshape(of.shape) for of in portable.get_weights()]
    portable.set_weights(slanted)
    portable.save(folder / PORTABLE)
    with pytest.raises(ModelError, match=r"model\.keras differs from the trained model by"):
        check(folder)


def test_without_being_asked_for_it_is_not_written(exported: Path) -> None:
    assert not (exported / PORTABLE).exists()


def test_a_signature_answers_without_what_it_was_loaded_with(exported: Path) -> None:
    answer = tf.saved_model.load(str(exported)).signatures["serving_default"]
    gc.collect()
    assert answer(text=tf.constant(["好"]))["score"].numpy() == pytest.approx([0.75])

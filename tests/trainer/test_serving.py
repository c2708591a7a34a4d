"""A published model classifies texts as they are, wherever it lies."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from run.config import RunConfig
from text.language import Language
from text.segmenter import Segmenter
from text.vocabulary import Vocabulary
from trainer.errors import ModelError
from trainer.export import export
from trainer.mixture import Mixture
from trainer.serving import Classifier

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def classifier(exported: Path) -> Classifier:
    return Classifier(exported)


def test_a_text_gets_a_label_with_its_probability(classifier: Classifier) -> None:
    (prediction,) = classifier.predict(["书，坏"])
    assert (prediction.text, prediction.label) == ("书，坏", "差评")
    assert prediction.score == pytest.approx(0.75)
    assert prediction.probabilities == pytest.approx({"好评": 0.25, "差评": 0.75})


def test_predictions_are_in_the_order_of_the_texts(classifier: Classifier) -> None:
    texts = ["好", "坏"] * 300
    predictions = list(classifier.predict(iter(texts)))
    assert [p.text for p in predictions] == texts
    assert [p.label for p in predictions] == ["好评", "差评"] * 300


def test_predictions_come_while_texts_are_still_to_come(classifier: Classifier) -> None:
    def endless():  # type: ignore[no-untyped-def]
        while True:
            yield "好"

    assert next(classifier.predict(endless())).label == "好评"


def test_no_texts_give_no_predictions(classifier: Classifier) -> None:
    assert list(classifier.predict([])) == []


def test_a_text_without_tokens_gets_the_scores_of_the_biases(classifier: Classifier) -> None:
    assert [p.score for p in classifier.predict(["", "好", " \n"])] == pytest.approx([0.5, 0.75, 0.5])
    assert [p.score for p in classifier.predict([""])] == pytest.approx([0.5])


def test_a_long_text_is_cut_as_in_training(classifier: Classifier) -> None:
    inside, outside = classifier.predict(["哦，哦好", "哦，哦，好"])  # the fourth token and the fifth
    assert (inside.score, outside.score) == pytest.approx((0.75, 0.5))


def test_stop_words_and_user_dictionary_come_from_the_model(
    known_mixture: Mixture, known_config: RunConfig, tmp_path: Path
) -> None:
    segmenter = Segmenter(user_dictionary=("好哦",), stop_words=frozenset({"坏"}))
    language = Language(segmenter, {"word": Vocabulary(("好", "坏"))}, ("好评", "差评"))
    export(known_mixture, language, known_config, {}, ("好，坏",), tmp_path / "model")
    texts = ["好，坏", "好哦"]  # 坏 is left out, 好哦 is one word, which nobody knows
    assert [p.score for p in Classifier(tmp_path / "model").predict(texts)] == pytest.approx([0.75, 0.5])


def test_another_model_cuts_the_same_texts_its_own_way(classifier: Classifier) -> None:
    assert [p.score for p in classifier.predict(["好，坏", "好哦"])] == pytest.approx([0.5, 0.75])


# Where a model lies


@pytest.fixture
def run_folder(exported: Path, tmp_path: Path) -> Path:
    """A run that has published versions 9 and 10."""
    for version in ("9", "10"):
        shutil.copytree(exported, tmp_path / "model" / version)
    return tmp_path


@pytest.mark.parametrize(
    ("named", "found"),
    [("model/9", "model/9"), ("model/10", "model/10"), ("model", "model/10"), (".", "model/10")],
)
def test_a_model_is_found_by_its_own_folder_by_that_of_its_versions_and_by_that_of_its_run(
    run_folder: Path, named: str, found: str
) -> None:
    classifier = Classifier(run_folder / named)
    assert classifier.uri == str(run_folder / found)
    assert [p.label for p in classifier.predict(["坏"])] == ["差评"]


@pytest.mark.parametrize("named", [".", "missing"])
def test_a_folder_without_a_model_is_an_error_that_names_it(tmp_path: Path, named: str) -> None:
    with pytest.raises(ModelError, match=f"there is no model in {tmp_path / named}"):
        Classifier(tmp_path / named)


@pytest.fixture
def folder(exported: Path, tmp_path: Path) -> Path:
    """A copy of the model, to be damaged."""
    return Path(shutil.copytree(exported, tmp_path / "model"))


def gone(file: Path) -> None:
    file.unlink()


def empty(file: Path) -> None:
    file.write_bytes(b"")


def half(file: Path) -> None:
    data = file.read_bytes()
    file.write_bytes(data[: len(data) // 2])


def junk(file: Path) -> None:
    file.write_bytes(b"\xff\x00 junk" * 20)


@pytest.mark.parametrize("damage", [gone, empty, half, junk])
@pytest.mark.parametrize(
    "name", ["saved_model.pb", "variables/variables.index", "variables/variables.data-00000-of-00001"]
)
def test_a_damaged_model_is_an_error_that_names_it(folder: Path, name: str, damage: Callable[[Path], None]) -> None:
    damage(folder / name)
    with pytest.raises(ModelError, match=f"the model in {folder} cannot be loaded"):
        Classifier(folder)


@pytest.mark.parametrize("damage", [empty, half, junk])
def test_a_damaged_card_is_an_error_that_names_the_model(folder: Path, damage: Callable[[Path], None]) -> None:
    damage(folder / "model.json")
    with pytest.raises(ModelError, match=f"the model in {folder} cannot be loaded"):
        Classifier(folder)


@pytest.mark.parametrize("card", [[], {}, {"labels": ["a", "b"]}, {"labels": ["a", "b"], "text": None}])
def test_a_card_that_is_none_is_an_error_that_names_the_model(folder: Path, card: object) -> None:
    (folder / "model.json").write_text(json.dumps(card), encoding="utf-8")
    with pytest.raises(ModelError, match=f"the model in {folder} cannot be loaded"):
        Classifier(folder)


@pytest.mark.parametrize("damage", [gone, junk])
@pytest.mark.parametrize("name", ["assets/vocabulary-word.txt", "assets/labels.txt", "assets.extra/stop_words.txt"])
def test_a_model_with_another_file_than_was_exported_is_refused(
    folder: Path, name: str, damage: Callable[[Path], None]
) -> None:
    damage(folder / name)
    with pytest.raises(ModelError, match=f"cannot be loaded: .*not those that were exported: {name}"):
        Classifier(folder)


def test_a_file_that_somebody_added_does_no_harm(folder: Path) -> None:
    (folder / "assets.extra" / "notes.txt").write_text("ours", encoding="utf-8")
    assert [p.label for p in Classifier(folder).predict(["好"])] == ["好评"]

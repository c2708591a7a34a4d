"""A prepared corpus is the same in whatever pieces and order its rows come, and is what it says."""

import json
import random
from collections import Counter
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas
import pyarrow.dataset
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

import storage
from prepared import documents, parts
from prepared.folder import read, read_language
from prepared.manifest import MANIFEST, check_agrees
from run.errors import SettingsError
from run.splits import SPLITS
from tests.prepared.engine import CONFIG, line, prepare
from tests.texts import MIXED
from text.counts import UNSEEN
from text.errors import DataError
from text.segmenter import Segmenter
from text.vocabulary import UNKNOWN

TEXTS = ["这本书很好看", "内容不好", "5G手机很好", "服务很差", "C++ 很难", "南京市长江大桥", "T恤不错", "房间很小"]
ROWS = [line(f"{text}{number}", "好评" if number % 3 else "差评") for number in range(40) for text in TEXTS]
BAD = [b"not JSON", line("", "x"), line("x", ""), b"\xff{}"]
LABELLED = line("很好", "好评"), line("不好", "差评")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus of 320 documents in a few parts, and rows that cannot be used."""
    folder = tmp_path_factory.mktemp("prepared") / "corpus"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(documents, "DOCUMENTS_OF_PART", 64)
        prepare([[*ROWS, *BAD]], folder, segmenter=Segmenter(("很好看 1000",), frozenset("的")))
    return folder


@settings(max_examples=25, deadline=None)
@given(
    rows=st.lists(st.tuples(MIXED, st.sampled_from("xyz")).map(lambda row: line(*row)), max_size=12),
    bad=st.lists(st.sampled_from(BAD), max_size=6),
    cuts=st.lists(st.integers(0, 20), max_size=4),
    seed=st.integers(),
)
def test_it_is_the_same_in_whatever_pieces_and_order_the_rows_come(
    rows: list[bytes], bad: list[bytes], cuts: list[int], seed: int
) -> None:
    rows = [*rows, *bad, *LABELLED]
    shuffled = random.Random(seed).sample(rows, len(rows))
    ends = sorted(min(cut, len(rows)) for cut in cuts)
    pieces = [shuffled[start:end] for start, end in zip([0, *ends], [*ends, len(rows)], strict=True)]
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(documents, "DOCUMENTS_OF_PART", 3)
        patch.setattr("prepared.sampling.OF_ALL", 2)
        patch.setattr("prepared.tally.REJECTED_OF_EACH", 1)
        patch.setattr("prepared.tally.COUNTED_TOKENS", 5)
        whole, in_pieces = prepare([rows], Path(folder, "whole")), prepare(pieces, Path(folder, "pieces"))
    assert whole == in_pieces
    assert whole.hash == in_pieces.hash


@pytest.mark.parametrize("change", [line("很好", "差评"), line("再来一次", "好评"), b"bad"])
def test_other_rows_give_another_hash(change: bytes, tmp_path: Path) -> None:
    assert prepare([ROWS], tmp_path / "a").hash != prepare([[*ROWS, change]], tmp_path / "b").hash


def test_every_row_is_accounted_for(corpus: Path) -> None:
    manifest = read(str(corpus)).manifest
    assert manifest.read == len(ROWS) + len(BAD)
    assert manifest.rejected == {"empty text": 1, "no label": 1, "not JSON": 1, "not UTF-8": 1}
    assert sum(manifest.documents.values()) == len(ROWS) == sum(part.documents for part in manifest.parts)
    quarantine = map(json.loads, read(str(corpus)).quarantine.splitlines())
    assert [(row["reason"], row["source"]) for row in quarantine] == [(r, "第一 100%.jsonl") for r in manifest.rejected]


def test_the_documents_are_readable_without_this_program(corpus: Path) -> None:
    table = pyarrow.dataset.dataset(corpus / "documents").to_table()
    assert pandas.read_parquet(corpus / "documents")["word"].map(list).tolist() == table["word"].to_pylist()
    manifest, language = read(str(corpus)).manifest, read(str(corpus)).language
    assert table.schema.names == ["split", "label", "word", "char"]
    assert Counter(table["split"].to_pylist()) == Counter(manifest.documents)
    texts = ["".join(language.vocabularies["char"].decode(ids)) for ids in table["char"].to_pylist()]
    assert sum(text.startswith("南京市") for text in texts) == 40
    assert all(UNKNOWN <= i < 40 for ids in table["word"].to_pylist() for i in ids)


def test_class_counts_are_those_of_the_training_documents(corpus: Path) -> None:
    manifest, language = read(str(corpus)).manifest, read(str(corpus)).language
    expected: Counter[tuple[int, int]] = Counter()
    for part in manifest.parts:
        for document in parts.read(str(corpus), part, manifest.views, manifest.labels):
            if document.split == "train":
                expected.update((int(i), language.classes[document.label]) for i in document.ids["word"] if i > UNKNOWN)
    found = parquet.read_table(corpus / "class-counts-word.parquet").to_pylist()
    assert [(row["id"], row["class"]) for row in found] == sorted(expected)
    assert {(row["id"], row["class"]): row["count"] for row in found} == expected


def test_statistics_are_those_of_the_documents(corpus: Path) -> None:
    statistics = json.loads((corpus / "statistics.json").read_text(encoding="utf-8"))
    manifest = read(str(corpus)).manifest
    found = [d for part in manifest.parts for d in parts.read(str(corpus), part, manifest.views, manifest.labels)]
    for split in SPLITS:
        of_split = [d for d in found if d.split == split]
        assert statistics[split]["classes"] == Counter(d.label for d in of_split)
        lengths = sorted(len(d.ids["word"]) for d in of_split)
        of_words = statistics[split]["views"]["word"]
        assert (of_words["tokens"], of_words["longest"]) == (sum(lengths), lengths[-1])
        assert of_words["lengths"]["0.5"] == lengths[(len(lengths) - 1) // 2]
        assert of_words["unknown"] == sum(list(d.ids["word"]).count(UNKNOWN) for d in of_split)


def test_the_language_comes_again(corpus: Path) -> None:
    language = read(str(corpus)).language
    assert language.segmenter == Segmenter(("很好看 1000",), frozenset("的"))
    assert language.labels == ("好评", "差评")
    assert "很好看" in language.vocabularies["word"].tokens
    assert read_language(str(corpus), ("word", "char")) == language


def test_golden_texts_are_of_every_label_and_of_mixed_scripts(corpus: Path) -> None:
    golden = read(str(corpus)).golden
    assert {document.label for document in golden} == {"好评", "差评"}
    assert any(document.text.startswith("5G") for document in golden)
    assert len(golden) == len(set(golden)) > 100


def test_a_label_that_training_never_saw_is_quarantined(tmp_path: Path) -> None:
    config = replace(CONFIG, data=replace(CONFIG.data, test_fraction=0.5))
    rows = [*ROWS, *(line(f"{text}很好", text) for text in TEXTS)]  # a label each: half of them are in the test
    manifest = prepare([rows], tmp_path / "corpus", config)
    unseen = manifest.rejected[UNSEEN]
    assert 0 < unseen < len(TEXTS)
    assert sum(manifest.documents.values()) == len(rows) - unseen
    shown = [json.loads(row) for row in read(str(tmp_path / "corpus")).quarantine.splitlines()]
    assert [row["reason"] for row in shown] == [UNSEEN] * unseen
    assert not {row["row"].partition("\t")[2] for row in shown} & set(manifest.labels)


def test_what_is_there_is_not_written_over(corpus: Path) -> None:
    with pytest.raises(DataError, match=r"something in .*corpus already"):
        prepare([ROWS], corpus)


def test_what_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="No token comes 1000 times"):
        prepare([ROWS], tmp_path / "corpus", replace(CONFIG, text=replace(CONFIG.text, min_count=1000)))
    assert not list(tmp_path.iterdir())


def test_a_folder_that_holds_no_corpus_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no prepared corpus in .*textcnn prepare"):
        read(str(tmp_path))
    (tmp_path / MANIFEST).write_text('{"version": 1}', encoding="utf-8")
    with pytest.raises(DataError, match="is not the manifest of a prepared corpus"):
        read(str(tmp_path))


@pytest.mark.parametrize("name", [MANIFEST, "labels.txt", "vocabulary-word.txt", "golden.jsonl"])
def test_an_altered_file_is_refused(name: str, corpus: Path, tmp_path: Path) -> None:
    storage.copy_folder(str(corpus), str(tmp_path / "copy"))
    file = tmp_path / "copy" / name
    file.write_text(file.read_text(encoding="utf-8").replace("差评", "好坏").replace("很", "恨"), encoding="utf-8")
    with pytest.raises(DataError, match=f"{name} is not as it was written"):
        read(str(tmp_path / "copy"))


def test_an_altered_part_is_refused(corpus: Path, tmp_path: Path) -> None:
    storage.copy_folder(str(corpus), str(tmp_path / "copy"))
    manifest = read(str(corpus)).manifest
    one, other = (tmp_path / "copy" / part.name for part in manifest.parts[:2])
    one.write_bytes(other.read_bytes())
    with pytest.raises(DataError, match="other documents than its manifest says"):
        list(parts.read(str(tmp_path / "copy"), manifest.parts[0], manifest.views, manifest.labels))
    relabelled = pandas.read_parquet(one).assign(label="中评")
    parquet.write_table(pyarrow.Table.from_pandas(relabelled, parts.schema_of(manifest.views)), one)
    read_back = parts.read(str(tmp_path / "copy"), manifest.parts[0], manifest.views, manifest.labels)
    with pytest.raises(DataError, match="other documents than its manifest says"):
        next(read_back)  # before anything looks for the label's class
    one.write_bytes(b"PAR1")
    with pytest.raises(DataError, match="cannot be read as a part"):
        list(parts.read(str(tmp_path / "copy"), manifest.parts[0], manifest.views, manifest.labels))


def test_documents_in_another_order_are_no_part(tmp_path: Path) -> None:
    rows = [documents.EncodedDocument("train", label, {"word": [2]}).to_bytes() for label in "xyz"]
    rows.sort(key=documents.digest, reverse=True)
    with pytest.raises(ValueError, match="not in the order of their digests"):
        parts.write(str(tmp_path), 0, rows, ("word",))


def test_a_run_file_that_asks_for_something_else_is_refused(corpus: Path) -> None:
    found = read(str(corpus))
    check_agrees(found.manifest, found.language, CONFIG, found.language.segmenter, found.uri)
    other = replace(CONFIG, text=replace(CONFIG.text, min_count=2), data=replace(CONFIG.data, test_fraction=0.3))
    with pytest.raises(SettingsError) as refused:
        check_agrees(found.manifest, found.language, other, Segmenter(stop_words=frozenset("的")), found.uri)
    said = str(refused.value)
    assert "text.min_count was 1 and is 2" in said
    assert "data.test_fraction was 0.1 and is 0.3" in said
    assert "text.user_dictionary had 1 words" in said
    assert "text.stop_words" not in said

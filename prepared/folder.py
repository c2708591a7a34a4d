"""The folder of a prepared corpus: written beside its place and renamed as a whole, read with its hashes checked."""

import json
import posixpath
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from tempfile import TemporaryFile

import numpy as np
import pyarrow as pa
from pyarrow import parquet

import storage
from prepared.documents import Encoder, parts_of
from prepared.manifest import MANIFEST, Manifest, settings_of
from prepared.parts import FOLDER, Part
from prepared.statistics import statistics
from prepared.tally import Tally
from run import folder
from run.config import RunConfig, View
from run.splits import SPLITS
from storage import StorageError
from text.counts import Counts
from text.errors import DataError, LostDocumentsError
from text.language import Language
from text.records import Document
from text.segmenter import Segmenter
from text.vocabulary import Vocabulary

GOLDEN = "golden.jsonl"
STATISTICS = "statistics.json"
STOP_WORDS = "stop_words.txt"
USER_DICTIONARY = "user_dictionary.txt"

_CLASS_COUNTS = pa.schema([("id", pa.int32()), ("class", pa.int32()), ("count", pa.int64())])


def class_counts(view: View) -> str:
    """Returns the name of the file that says how often each token of a view stands in training documents of a class."""
    return f"class-counts-{view}.parquet"


@dataclass
class Draft:
    """A corpus that is being prepared."""

    uri: str
    """The folder that its files are written to for the time being."""
    target: str
    config: RunConfig
    files: dict[str, str] = field(default_factory=dict)
    """SHA-256 of the content of each file that is written."""
    counts: Counts | None = None

    def counted(self, tally: Tally, language: Language, counts: Mapping[View, np.ndarray]) -> Encoder:
        """Writes what the first pass has found, and returns what the second one needs.

        Args:
            tally: of all rows.
            language: the segmenter, the vocabularies, and the labels of `tally.counts()`.
            counts: of each view, as `vocabularies.ordered` orders them.

        Raises:
            StorageError: a file cannot be written.
        """
        self.counts = tally.counts()
        self._write(_language_files(language))
        golden = ({"text": document.text, "label": document.label} for document in tally.golden())
        self._write({GOLDEN: json_lines(golden), folder.QUARANTINE: json_lines(tally.quarantine())})
        for view, rows in counts.items():
            self._write_class_counts(view, rows)
        return Encoder(language, parts_of(sum(self.counts.documents.values())))

    def finish(self, parts: Iterable[Part], made: Mapping[str, str]) -> Manifest:
        """Writes statistics and manifest, and gives the folder its name.

        Args:
            parts: those that were written, in any order.
            made: by what, of what.

        Raises:
            LostDocumentsError: the parts have other documents than were counted.
            DataError: there is something of that name by now.
            StorageError: a file cannot be written.
        """
        assert self.counts is not None, "counted() comes before finish()"
        ordered = sorted(parts, key=lambda part: part.number)
        found = statistics(ordered)
        written = {split: sum(found[split]["classes"].values()) for split in SPLITS}
        if written != self.counts.documents:
            raise LostDocumentsError(f"of the documents {self.counts.documents}, {written} were written")
        self._write({STATISTICS: _json(found)})
        manifest = Manifest(
            settings=settings_of(self.config),
            read=self.counts.read,
            documents=self.counts.documents,
            rejected=dict(sorted(self.counts.rejected.items())),
            labels=self.counts.labels,
            checksum=sum(part.checksum for part in ordered) % 2**64,
            files=dict(sorted(self.files.items())),
            parts=ordered,
            made=dict(made),
        )
        storage.write(storage.join(self.uri, MANIFEST), manifest.to_json().encode())
        place(self.uri, self.target)
        return manifest

    def _write(self, files: Mapping[str, bytes]) -> None:
        storage.write_all({storage.join(self.uri, name): data for name, data in files.items()})
        self.files |= {name: sha256(data).hexdigest() for name, data in files.items()}

    def _write_class_counts(self, view: View, rows: np.ndarray) -> None:
        columns = [pa.array(rows[:, i]).cast(kind) for i, kind in enumerate(_CLASS_COUNTS.types)]
        name = class_counts(view)
        with TemporaryFile() as file:
            parquet.write_table(pa.Table.from_arrays(columns, schema=_CLASS_COUNTS), file, compression="zstd")
            file.seek(0)
            storage.put(storage.join(self.uri, name), file)
        self.files[name] = sha256(np.ascontiguousarray(rows, "<i8").tobytes()).hexdigest()


@contextmanager
def drafted(target: str, config: RunConfig) -> Iterator[Draft]:
    """Makes a folder beside the place of a corpus; `Draft.finish` gives it its name, and an error removes it.

    Raises:
        DataError: there is something already, or nothing can be written there.
    """
    target = storage.absolute(target)
    check_free(target)
    beside = storage.join(storage.parent(target), f".{posixpath.basename(target.rstrip('/'))}-{uuid.uuid4().hex}")
    storage.make_folder(storage.join(beside, FOLDER))
    with storage.removed_on_error(beside):
        yield Draft(beside, target, config)


def check_free(target: str) -> None:
    """Makes sure that a corpus has a place.

    Raises:
        DataError: there is something already, or nothing can be written there.
    """
    try:
        taken = storage.exists(target)
        storage.check_writable(storage.parent(target))
    except StorageError as error:
        raise DataError(f"The corpus cannot be written to {target}: {error}") from error
    if taken:
        raise _taken(target)


def place(corpus: str, target: str) -> None:
    """Gives a corpus its place, on the same storage.

    Raises:
        DataError: there is something by now.
        StorageError: the storage cannot be written.
    """
    if not storage.move_folder(corpus, target):
        raise _taken(target)


@dataclass(frozen=True)
class Corpus:
    """A prepared corpus, all but its documents."""

    uri: str
    manifest: Manifest
    language: Language
    golden: tuple[Document, ...]
    """Texts of which golden examples may be chosen."""
    quarantine: str
    """Rows that cannot be used, as JSON lines."""


def read(uri: str) -> Corpus:
    """Reads a corpus, and makes sure that it is as it was written; `parts.read` does so for the documents.

    Raises:
        DataError: there is none, or it is not as it was written.
        StorageError: it cannot be read.
    """
    uri = storage.absolute(uri)
    place = storage.join(uri, MANIFEST)
    if storage.size(place) is None:
        raise DataError(f"There is no prepared corpus in {uri}: it has no {MANIFEST}. Make one with `textcnn prepare`.")
    manifest = Manifest.from_json(storage.read(place), place)
    files = {name: _checked(uri, name, expected) for name, expected in manifest.files.items() if _is_text(name)}
    golden = tuple(Document(**json.loads(line)) for line in _lines(files[GOLDEN]))
    language = _language(files, manifest.views)
    return Corpus(uri, manifest, language, golden, files[folder.QUARANTINE].decode())


def read_language(uri: str, views: Iterable[View]) -> Language:
    """Reads what `Draft.counted` has written for the second pass.

    Raises:
        StorageError: it cannot be read.
    """
    views = tuple(views)
    names = (USER_DICTIONARY, STOP_WORDS, folder.LABELS, *map(folder.vocabulary, views))
    return _language({name: storage.read(storage.join(uri, name)) for name in names}, views)


def _language_files(language: Language) -> dict[str, bytes]:
    lines = {
        USER_DICTIONARY: language.segmenter.user_dictionary,
        STOP_WORDS: sorted(language.segmenter.stop_words),
        folder.LABELS: language.labels,
        **{folder.vocabulary(view): known.tokens for view, known in language.vocabularies.items()},
    }
    return {name: "".join(f"{line}\n" for line in of_file).encode() for name, of_file in lines.items()}


def _language(files: Mapping[str, bytes], views: Iterable[View]) -> Language:
    segmenter = Segmenter(tuple(_lines(files[USER_DICTIONARY])), frozenset(_lines(files[STOP_WORDS])))
    vocabularies = {view: Vocabulary(tuple(_lines(files[folder.vocabulary(view)]))) for view in views}
    return Language(segmenter, vocabularies, tuple(_lines(files[folder.LABELS])))


def _checked(uri: str, name: str, expected: str) -> bytes:
    data = storage.read(storage.join(uri, name))
    if sha256(data).hexdigest() != expected:
        raise DataError(f"{storage.join(uri, name)} is not as it was written. Prepare the corpus again.")
    return data


def _is_text(name: str) -> bool:
    return not name.endswith(".parquet")


def _lines(data: bytes) -> list[str]:
    return data.decode().split("\n")[:-1]


def json_lines(rows: Iterable[Mapping[str, str]]) -> bytes:
    """Returns rows as JSON lines."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def _json(values: object) -> bytes:
    return (json.dumps(values, ensure_ascii=False, indent=2) + "\n").encode()


def _taken(target: str) -> DataError:
    return DataError(f"There is something in {target} already. Give another --output, or remove it.")

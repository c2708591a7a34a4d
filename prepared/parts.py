"""Parts: the documents of a prepared corpus in Parquet files, each in the order of its documents' digests."""

import json
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from itertools import islice, pairwise
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet

import storage
from prepared.documents import EncodedDocument, digest
from run.config import View
from text.errors import DataError
from text.vocabulary import UNKNOWN

ROWS_OF_GROUP = 4_096
"""Documents of a row group of Parquet: what is in memory when a part is written or read."""
FOLDER = "documents"


@dataclass(frozen=True)
class Part:
    """What a part holds."""

    number: int
    documents: int
    sha256: str
    """Of its documents' digests in order; of the documents, not of the bytes of Parquet."""
    checksum: int = 0
    """Sum of the first eight bytes of the digests, modulo 2^64."""
    classes: dict[str, int] = field(default_factory=dict)
    """Documents of each split and label, joined by a tab."""
    lengths: dict[str, int] = field(default_factory=dict)
    """Documents of each split, view and number of tokens, joined by tabs."""
    unknown: dict[str, int] = field(default_factory=dict)
    """Unknown tokens of each split and view, joined by a tab."""

    @property
    def name(self) -> str:
        """Its path in the folder of the corpus."""
        return f"{FOLDER}/part-{self.number:05d}.parquet"

    def to_json(self) -> str:
        """Returns it on a line."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, line: str | bytes) -> "Part":
        """Reads what `to_json` wrote."""
        values: dict[str, Any] = json.loads(line)
        return cls(**values)


class _Contents:
    """Sums up documents that go by in order."""

    def __init__(self, number: int):
        self._number, self._last = number, b""
        self._documents, self._checksum, self._hash = 0, 0, sha256()
        self._classes: Counter[str] = Counter()
        self._lengths: Counter[str] = Counter()
        self._unknown: Counter[str] = Counter()

    def add(self, place: bytes, document: EncodedDocument) -> None:
        if place < self._last:
            raise ValueError(f"the documents of part {self._number} are not in the order of their digests")
        self._last = place
        self._documents += 1
        self._hash.update(place)
        self._checksum = (self._checksum + int.from_bytes(place[:8], "big")) % 2**64
        self._classes[f"{document.split}\t{document.label}"] += 1
        for view, ids in document.ids.items():
            self._lengths[f"{document.split}\t{view}\t{len(ids)}"] += 1
            self._unknown[f"{document.split}\t{view}"] += int(np.count_nonzero(np.asarray(ids) == UNKNOWN))

    def part(self) -> Part:
        of_all = (dict(sorted(counter.items())) for counter in (self._classes, self._lengths, self._unknown))
        return Part(self._number, self._documents, self._hash.hexdigest(), self._checksum, *of_all)


def write(corpus: str, number: int, documents: Iterable[bytes], views: Sequence[View]) -> Part:
    """Writes a part; the same documents make the same part, so that writing it again does no harm.

    Args:
        corpus: URI of the folder of the corpus.
        number: the part's.
        documents: canonical bytes in the order of their digests; some thousands are held at once.
        views: in the order of the corpus.

    Raises:
        ValueError: they are in another order.
        StorageError: the part cannot be written.
    """
    contents, schema, rest = _Contents(number), schema_of(views), iter(documents)
    with TemporaryFile() as file:
        with parquet.ParquetWriter(file, schema, compression="zstd", use_dictionary=["split", "label"]) as writer:
            while group := list(islice(rest, ROWS_OF_GROUP)):
                rows = [EncodedDocument.from_bytes(data, views) for data in group]
                for data, row in zip(group, rows, strict=True):
                    contents.add(digest(data), row)
                writer.write_table(_table(rows, schema, views))
        part = contents.part()
        file.seek(0)
        storage.put(storage.join(corpus, part.name), file)
    return part


def read(corpus: str, part: Part, views: Sequence[View], labels: Container[str]) -> Iterator[EncodedDocument]:
    """Yields the documents of a part, and makes sure that they are those that were written.

    Args:
        corpus: URI of the folder of the corpus.
        part: of its manifest.
        views: those of the corpus, in order.
        labels: those of the corpus.

    Raises:
        DataError: they are not.
        StorageError: the part cannot be read.
    """
    uri = storage.join(corpus, part.name)
    other = DataError(f"{uri} has other documents than its manifest says. Prepare the corpus again.")
    found = sha256()
    with storage.local_copy(uri) as path:
        for document in _documents(path, uri, views):
            if document.label not in labels:  # told at once: it has no class
                raise other
            found.update(digest(document.to_bytes()))
            yield document
    if found.hexdigest() != part.sha256:
        raise other


def _documents(path: Path, uri: str, views: Sequence[View]) -> Iterator[EncodedDocument]:
    try:
        for batch in parquet.ParquetFile(path).iter_batches(ROWS_OF_GROUP, columns=["split", "label", *views]):
            splits, labels = (batch.column(name).to_pylist() for name in ("split", "label"))
            of_views = [_ragged(batch.column(view)) for view in views]
            for split, label, *ids in zip(splits, labels, *of_views, strict=True):
                yield EncodedDocument(split, label, dict(zip(views, ids, strict=True)))
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{uri} cannot be read as a part of a prepared corpus: {error}") from error


def schema_of(views: Sequence[View]) -> pa.Schema:
    """Returns the columns of a part: split, label, and the token ids of each view."""
    ids = pa.list_(pa.field("element", pa.int32(), nullable=False))
    names = [pa.field("split", pa.string(), nullable=False), pa.field("label", pa.string(), nullable=False)]
    return pa.schema([*names, *(pa.field(view, ids, nullable=False) for view in views)])


def _table(rows: Sequence[EncodedDocument], schema: pa.Schema, views: Sequence[View]) -> pa.Table:
    columns = [pa.array([row.split for row in rows]), pa.array([row.label for row in rows])]
    for view in views:
        ids = [row.ids[view] for row in rows]
        offsets = np.cumsum([0, *map(len, ids)], dtype=np.int32)
        values = pa.array(np.concatenate(ids).astype(np.int32, copy=False))
        columns.append(pa.ListArray.from_arrays(pa.array(offsets), values, type=schema.field(view).type))
    return pa.Table.from_arrays(columns, schema=schema)


def _ragged(column: pa.ListArray) -> Iterator[np.ndarray]:
    """The ids of each document."""
    offsets, values = column.offsets.to_numpy(), column.values.to_numpy()
    return (values[start:end] for start, end in pairwise(offsets))

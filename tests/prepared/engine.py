"""The smallest engine there is: pieces of an input one after the other, in this process."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from prepared import parts
from prepared.folder import drafted
from prepared.manifest import Manifest
from prepared.tally import Tally, token_counts
from prepared.vocabularies import Counted, vocabularies
from run.config import DataConfig, RunConfig, TextConfig, View
from text.language import Language
from text.preparation import Preparation, Rejection, TokenizedDocument, split_rule
from text.records import fields_of_json
from text.segmenter import Segmenter

CONFIG = RunConfig(
    data=DataConfig(input="documents.jsonl", format="jsonl", max_bad_fraction=0.9),
    text=TextConfig(views=("word", "char"), vocabulary_size=40, min_count=1, max_length=6),
)


@dataclass
class Piece:
    """What the first pass finds in a piece."""

    tally: Tally = field(default_factory=Tally)
    documents: list[TokenizedDocument] = field(default_factory=list)
    tokens: Counter[tuple[View, str, str]] = field(default_factory=Counter)


def prepare(
    pieces: Sequence[Sequence[bytes]], target: Path, config: RunConfig = CONFIG, segmenter: Segmenter | None = None
) -> Manifest:
    """Prepares lines of JSON."""
    segmenter = segmenter or Segmenter()
    first = [_first_pass(piece, config, segmenter) for piece in pieces]
    tally, tokens = Tally(), Counter[tuple[View, str, str]]()
    for piece in first:
        tally.update(Tally.from_json(piece.tally.to_json()))
        tokens.update(piece.tokens)
    with drafted(str(target), config) as draft:
        labels = tally.counts().labels
        known, counts = vocabularies(_counted(tokens), labels, config.text)
        encoder = draft.counted(tally, Language(segmenter, known, labels), counts)
        of_part = defaultdict(list)
        for piece in first:
            for part, digest, document in encoder.encode(piece.documents):
                of_part[part].append((digest, document))
        written = [
            parts.write(draft.uri, number, [document for _, document in sorted(found)], config.text.views)
            for number, found in of_part.items()
        ]
        return draft.finish([parts.Part.from_json(part.to_json()) for part in written], {"engine": "this one"})


def line(text: str, label: str) -> bytes:
    """A row of the input."""
    return json.dumps({"text": text, "label": label}, ensure_ascii=False).encode()


def _first_pass(piece: Sequence[bytes], config: RunConfig, segmenter: Segmenter) -> Piece:
    preparation = Preparation.of(config.text, segmenter, split_rule(config.data))
    found = Piece()
    for row in piece:
        outcome = preparation.outcome("file:/data/rows.jsonl", row, lambda row: fields_of_json(row, config.data))
        found.tally.add(outcome, "file:/data/rows.jsonl")
        if not isinstance(outcome, Rejection):
            found.documents.append(outcome)
    for counts in token_counts(found.documents):
        for (view, label), of_label in counts.items():
            found.tokens.update({(view, token, label): count for token, count in of_label.items()})
    return found


def _counted(tokens: Counter[tuple[View, str, str]]) -> Iterator[Counted]:
    totals: dict[tuple[View, str], dict[str, int]] = defaultdict(dict)
    for (view, token, label), count in tokens.items():
        totals[view, token][label] = count
    for (view, token), of_labels in totals.items():
        yield view, token, of_labels

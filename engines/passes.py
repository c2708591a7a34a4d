"""The two passes over a piece of the input, as every engine runs them; they hand on lines, and lines come back."""

import json
from collections.abc import Callable, Iterable, Iterator

from engines.pieces import Piece, parser, rows
from engines.plan import Plan
from prepared import folder, parts
from prepared.documents import Encoder
from prepared.parts import Part
from prepared.tally import Tally, token_counts
from prepared.vocabularies import Counted
from text.preparation import Preparation, Rejection, TokenizedDocument, split_rule

Keyed = tuple[str, str]
"""A key without tabs, and a value on a line."""
Told = Callable[[str, int], object]
"""Is told of rows that have gone by: what they are, and how many."""

TALLY = "!"
"""The key of tallies; it is before all others, which are JSON lists of a view and a token."""
TOLD_ROWS = 1_000


def counted(piece: Piece, plan: Plan, tell: Told) -> Iterator[Keyed]:
    """The first pass: yields counts of tokens, of which a key may come again, and at the end the tally.

    Raises:
        DataError: the input cannot be read as what the run file says, or has too many labels.
        StorageError: it cannot be read.
    """
    tally = Tally()

    def documents() -> Iterator[TokenizedDocument]:
        for outcome in _outcomes(piece, plan, tell):
            tally.add(outcome, piece.uri)
            if not isinstance(outcome, Rejection):
                yield outcome

    for counts in token_counts(documents()):
        of_tokens: dict[str, dict[str, int]] = {}
        for (view, label), of_label in counts.items():
            for token, count in of_label.items():
                of_tokens.setdefault(_json([view, token]), {})[label] = count
        yield from ((key, _json(of_labels)) for key, of_labels in of_tokens.items())
    yield TALLY, tally.to_json()


def added(key: str, values: Iterable[str]) -> str:
    """Returns the sum of values of a key of the first pass; sums may be added again."""
    if key == TALLY:
        tally = Tally()
        for value in values:
            tally.update(Tally.from_json(value))
        return tally.to_json()
    sums: dict[str, int] = {}
    for value in values:
        for label, count in json.loads(value).items():
            sums[label] = sums.get(label, 0) + count
    return _json(dict(sorted(sums.items())))


def count_of(key: str, value: str) -> Counted:
    """Returns the token of a key with its counts."""
    view, token = json.loads(key)
    return view, token, json.loads(value)


def encoder(plan: Plan) -> Encoder:
    """Returns the encoder of the second pass.

    Raises:
        StorageError: the vocabularies cannot be read.
    """
    return Encoder(folder.read_language(plan.corpus, plan.config.text.views), plan.parts)


def encoded(piece: Piece, plan: Plan, encoder: Encoder) -> Iterator[tuple[int, bytes, bytes]]:
    """The second pass: yields part, digest and canonical bytes of each document.

    Raises:
        DataError: the input cannot be read as what the run file says.
        StorageError: it cannot be read.
    """
    outcomes = _outcomes(piece, plan, lambda *_: None)  # the rows were told of by the first pass
    yield from encoder.encode(outcome for outcome in outcomes if not isinstance(outcome, Rejection))


def written(number: int, documents: Iterable[bytes], plan: Plan) -> Part:
    """Writes a part of its documents' canonical bytes, in the order of their digests.

    Raises:
        StorageError: it cannot be written.
    """
    return parts.write(plan.corpus, number, documents, plan.config.text.views)


def _outcomes(piece: Piece, plan: Plan, tell: Told) -> Iterator[TokenizedDocument | Rejection]:
    data = plan.config.data
    split = piece.split
    rule = split_rule(data) if split is None else lambda _: split
    preparation = Preparation.of(plan.config.text, plan.segmenter(), rule)
    parse = parser(piece, data)
    read = rejected = 0
    for row in rows(piece, data):
        outcome = preparation.outcome(piece.uri, row, parse)
        read, rejected = read + 1, rejected + isinstance(outcome, Rejection)
        if read == TOLD_ROWS:
            tell("rows read", read)
            tell("rows quarantined", rejected)
            read = rejected = 0
        yield outcome
    tell("rows read", read)
    tell("rows quarantined", rejected)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

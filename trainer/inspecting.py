"""What a trained model says of the test documents one by one: how sure it is, how rightly, and what has misled it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from run.config import View
from run.events import Judged, Mistake
from run.folder import MODEL
from text.fingerprint import FINGERPRINT_BYTES, KEPT, fingerprint
from text.language import Language
from text.vocabulary import PADDING
from trainer.batches import Batch, in_order_of_length
from trainer.collective import Collective
from trainer.golden import filled_up
from trainer.judging import EVALUATION_BATCH
from trainer.liveness import progress
from trainer.mixture import Mixture
from trainer.spool import Share

BINS = 10
"""Ranges of confidence."""
MISTAKES = 20
SHOWN = 80
"""Tokens of a mistake."""
_NONE = float(2 ** (8 * FINGERPRINT_BYTES))
"""In place of a document's fingerprint: greater than any."""


@dataclass(frozen=True)
class _Wrong:
    """A mistake of this worker's documents."""

    key: int
    """The document's fingerprint: of copies, one is shown."""
    confidence: float
    label: int
    predicted: int
    ids: Mapping[View, np.ndarray]


def judged(model: Mixture, share: Share, language: Language, collective: Collective) -> Judged:
    """Asks a model for all workers' shares; every worker must call it, and gets the same answer."""
    views: tuple[View, ...] = tuple(language.vocabularies)
    bins, places = np.zeros((BINS, 3)), np.zeros(len(language.labels))
    documents = np.empty((0, 3 + len(model.names)))
    wrong: list[_Wrong] = []
    for batch in in_order_of_length(share, EVALUATION_BATCH):
        progress.beat()
        members = model.traced_members(dict(batch.ids))
        probabilities = tf.nn.softmax(model.mixed(members)).numpy().astype(np.float64)
        rows = np.arange(len(probabilities))
        predicted = probabilities.argmax(1)
        confidence, right = probabilities[rows, predicted], predicted == batch.labels
        of_bin = np.minimum((confidence * BINS).astype(int), BINS - 1)
        np.add.at(bins, of_bin, np.stack([np.ones(len(rows)), confidence, right], 1))
        better = probabilities > probabilities[rows, batch.labels][:, None]
        np.add.at(places, better.sum(1), 1)
        keys = [fingerprint(of_document) for of_document in batch.ids[views[0]]]
        judged_now = np.column_stack([keys, batch.labels, predicted, members.numpy().argmax(2)])
        documents = _smallest(np.concatenate([documents, judged_now]), KEPT)
        found = [_wrong(batch, row, keys[row], predicted[row], confidence[row]) for row in rows[~right]]
        different = {(w.key, w.label): w for w in (*wrong, *found)}
        wrong = sorted(different.values(), key=lambda w: -w.confidence)[:MISTAKES]
    return Judged(
        collective.place.worker,
        collective.sum(bins).tolist(),
        collective.sum(places).astype(int).tolist(),
        _mistakes(model, wrong, language, collective),
        [MODEL, *model.names],
        _of_all(documents, collective),
    )


def _smallest(documents: np.ndarray, number: int) -> np.ndarray:
    """The rows of the smallest fingerprints, in an order that does not depend on theirs."""
    return documents[np.lexsort(documents.T[::-1])[:number]]


def _wrong(batch: Batch, row: int, key: int, predicted: int, confidence: float) -> _Wrong:
    ids = {view: of_view[row][of_view[row] != PADDING] for view, of_view in batch.ids.items()}
    return _Wrong(key, float(confidence), int(batch.labels[row]), int(predicted), ids)


def _mistakes(model: Mixture, wrong: list[_Wrong], language: Language, collective: Collective) -> list[Mistake]:
    """The surest mistakes of all workers, explained by those whose they are."""
    first, vocabulary = next(iter(language.vocabularies.items()))
    values = np.zeros((MISTAKES, 3, SHOWN))  # confidence, class, predicted class and fingerprint; ids; what each adds
    if wrong:
        views = language.vocabularies
        unpadded = {view: [w.ids[view].tolist() for w in wrong] for view in views}
        padded = {view: tf.constant(filled_up(ids, PADDING, np.int32)) for view, ids in unpadded.items()}
        added = model.contributions(padded)[first].numpy()
        for row, mistake in enumerate(wrong):
            shown = mistake.ids[first][:SHOWN]
            values[row, 0, :4] = mistake.confidence, mistake.label, mistake.predicted, mistake.key
            values[row, 1, : len(shown)] = shown
            values[row, 2, : len(shown)] = added[row, : len(shown)]
    of_all = _gathered(values, collective)
    surest = of_all[np.argsort(-of_all[:, 0, 0], kind="stable")]
    different = {(of[0, 1], of[0, 3]): of for of in surest[::-1] if of[0, 0]}
    mistakes = []
    for (confidence, label, predicted, *_), ids, contributions in list(different.values())[::-1][:MISTAKES]:
        length = np.count_nonzero(ids)
        tokens = vocabulary.decode(ids[:length].astype(int))
        names = language.labels[int(label)], language.labels[int(predicted)]
        mistakes.append(Mistake(*names, float(confidence), tokens, contributions[:length].tolist()))
    return mistakes


def _of_all(documents: np.ndarray, collective: Collective) -> list[list[int]]:
    """The documents of all workers with the smallest fingerprints."""
    most = int(collective.gather(len(documents)).max())
    filled = np.full((most, documents.shape[1]), _NONE)
    filled[: len(documents)] = documents
    of_all = _gathered(filled, collective)
    kept = _smallest(of_all[of_all[:, 0] < _NONE], KEPT)
    return [list(map(int, row)) for row in kept]


def _gathered(values: np.ndarray, collective: Collective) -> np.ndarray:
    """The rows of all workers, which have equally many, by rank: in this order whichever worker has which share."""
    rows = np.zeros((collective.place.workers, *values.shape))
    rows[collective.rank] = values
    return collective.sum(rows).reshape(-1, *values.shape[1:])

"""Between the two passes: what the first has counted becomes vocabularies and labels, or ends the preparation."""

from collections.abc import Iterable

from engines.plan import Plan
from engines.records import Records
from prepared.documents import Encoder
from prepared.folder import Draft
from prepared.tally import Tally
from prepared.vocabularies import Counted, vocabularies
from text.counts import check_usable
from text.language import Language


def between(draft: Draft, plan: Plan, records: Records, tally: Tally, counted: Iterable[Counted]) -> Encoder:
    """Writes what the first pass has found, and returns what the second one needs.

    Args:
        draft: the corpus.
        plan: of the preparation.
        records: of the preparation.
        tally: of all rows.
        counted: every token of a view once.

    Raises:
        DataError: there is nothing to learn.
        StorageError: a file cannot be written.
    """
    records.counted(tally)
    counts = tally.counts()
    check_usable(counts, plan.config.data)
    found, class_counts = vocabularies(counted, counts.labels, plan.config.text)
    return draft.counted(tally, Language(plan.segmenter(), found, counts.labels), class_counts)

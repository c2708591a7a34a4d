"""Classifies the texts of rows with a published model, on the executors; what a batch and a stream have in common."""

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from pyspark import TaskContext
from pyspark.sql import DataFrame
from pyspark.sql.types import FloatType, StringType, StructField, StructType

from run.result import Result
from spark_driver.errors import InputError
from spark_driver.text_input import UNREADABLE, TextInput
from text.records import LARGEST, TOO_LARGE
from trainer.importing import lean

if TYPE_CHECKING:
    from trainer.serving import Classifier

LABEL, SCORE, MODEL, REASON, OUTCOME = ADDED = (
    "predicted_label",
    "predicted_score",
    "predicted_by",
    "quarantine_reason",
    "outcome",
)
PREDICTED, QUARANTINED = "predicted", "quarantined"
_Batches = Iterator[pa.RecordBatch]


def predicted(rows: DataFrame, texts: TextInput, model: str) -> DataFrame:
    """Returns the rows with what the model says of their texts; each row is there, also one without a prediction.

    Args:
        rows: what the input holds.
        texts: the input.
        model: URI of a model's version.

    Returns:
        All columns of the rows, and `ADDED`: label (string), its probability (float), the model's URI, and, of a row
        that is quarantined, the reason; outcome is predicted or quarantined.

    Raises:
        InputError: the rows have a column of these names.
    """
    if taken := sorted(set(ADDED) & set(rows.columns)):
        raise InputError(f"The input has columns that the output has too: {', '.join(taken)}. Rename them.")
    fields = [StructField(name, FloatType() if name == SCORE else StringType()) for name in ADDED]
    return rows.mapInArrow(_partition(texts, model), StructType([*rows.schema.fields, *fields]))


def counted(result: Result, output: DataFrame) -> None:
    """Counts the rows that were written: with a prediction, and quarantined by reason."""
    found = {row[REASON]: row["count"] for row in output.groupBy(REASON).count().collect()}
    result.predicted = found.pop(None, 0)
    result.rows.quarantined = sum(found.values())
    result.rejected = found


def _partition(texts: TextInput, model: str) -> Callable[[_Batches], _Batches]:
    """Returns what an executor does with a partition."""

    def classified(batches: _Batches) -> _Batches:
        for batch in batches:
            yield _classified(batch, texts.text_column, texts.unreadable, model)

    return classified


def _classified(batch: pa.RecordBatch, column: str, unreadable: str, model: str) -> pa.RecordBatch:
    texts = batch.column(column).to_pylist()
    broken = (
        batch.column(UNREADABLE).is_valid().to_pylist() if UNREADABLE in batch.schema.names else [False] * len(texts)
    )
    reasons = [unreadable if bad else _reason(text or "") for bad, text in zip(broken, texts, strict=True)]
    good = np.array([reason is None for reason in reasons], bool)
    labels, scores = np.full(len(texts), None, object), np.zeros(len(texts), np.float32)
    if good.any():
        found, probabilities = _classifier(model).classify([t for t, ok in zip(texts, good, strict=True) if ok])
        labels[good], scores[good] = found, probabilities.max(axis=1)
    added = [
        pa.array(labels, pa.string()),
        pa.array(scores, pa.float32(), mask=~good),
        pa.array([model if ok else None for ok in good], pa.string()),
        pa.array(reasons, pa.string()),
        pa.array([PREDICTED if ok else QUARANTINED for ok in good], pa.string()),
    ]
    return pa.RecordBatch.from_arrays([*batch.columns, *added], names=[*batch.schema.names, *ADDED])


def _reason(text: str) -> str | None:
    """Why a text cannot be classified; None if it can."""
    if not text.strip():
        return "empty text"
    return TOO_LARGE if len(text.encode()) > LARGEST else None


@lru_cache(maxsize=1)
def _classifier(model: str) -> "Classifier":
    """The model, loaded once in each of Spark's Python processes; it takes the cores of a task and no more."""
    with lean():
        import tensorflow as tf

        from trainer.serving import Classifier

    task = TaskContext.get()
    assert task is not None
    tf.config.threading.set_intra_op_parallelism_threads(task.cpus())
    tf.config.threading.set_inter_op_parallelism_threads(task.cpus())
    return Classifier(model)

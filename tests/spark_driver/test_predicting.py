"""Each row comes out with a prediction, or with the reason why it has none."""

from argparse import Namespace
from pathlib import Path

import pytest
from pyspark.sql import Row, SparkSession

from run.result import Result
from spark_driver.errors import InputError
from spark_driver.predicting import counted, predicted
from spark_driver.text_input import TextInput
from text.records import LARGEST, TOO_LARGE

TEXTS = TextInput.of(Namespace(input="in.jsonl", format=None, text_column="text", columns=()))


def test_rows_are_predicted_or_quarantined_and_counted(spark: SparkSession, exported: Path) -> None:
    rows = spark.createDataFrame(
        [(1, "好", None), (2, None, "{"), (3, "\u3000", None), (4, "坏", None), (5, "好" * (LARGEST // 2), None)],
        "id int, text string, unreadable_row string",
    )
    output = predicted(rows, TEXTS, str(exported)).persist()
    found = {row.id: row for row in output.collect()}
    label, score = (lambda i: found[i].predicted_label), (lambda i: found[i].predicted_score)
    assert [label(i) for i in (1, 2, 3, 4)] == ["好评", None, None, "差评"]
    assert score(1) == pytest.approx(0.75)
    assert score(2) is None
    assert [found[i].predicted_by for i in (1, 2, 3, 4)] == [str(exported), None, None, str(exported)]
    assert [found[i].quarantine_reason for i in (1, 2, 3, 4, 5)] == [None, "not JSON", "empty text", None, TOO_LARGE]
    assert [found[i].outcome for i in (1, 2, 3, 4)] == ["predicted", "quarantined", "quarantined", "predicted"]
    result = Result()
    counted(result, output)
    assert (result.predicted, result.rows.quarantined) == (2, 3)
    assert result.rejected == {"not JSON": 1, "empty text": 1, TOO_LARGE: 1}


def test_nothing_to_predict_needs_no_model(spark: SparkSession) -> None:
    rows = spark.createDataFrame([(None,)], "text string")
    assert [row.outcome for row in predicted(rows, TEXTS, "no/such/model").collect()] == ["quarantined"]


def test_columns_that_the_output_has_too(spark: SparkSession) -> None:
    rows = spark.createDataFrame([Row(text="好", outcome="x", predicted_label="y")])
    with pytest.raises(InputError, match=r"has columns that the output has too: outcome, predicted_label. Rename"):
        predicted(rows, TEXTS, "model")

"""A document of a hundred megabytes is a row in the quarantine, on executors of the usual memory."""

import json

import pytest

from tests.faults.conftest import EPOCHS, Runs
from tests.integration.test_main_job import result_of

pytestmark = pytest.mark.faults

MEGABYTES = 100


def test_a_document_of_a_hundred_megabytes(run: Runs) -> None:
    large = json.dumps({"text": "书" * (MEGABYTES * 10**6 // 3), "label": "positive"}, ensure_ascii=False)
    with run.documents.open("a", encoding="utf-8") as file:
        file.write(large + "\n")
    outcome = run(lambda *_: None)
    assert outcome.status == 0, outcome.terminal
    result = result_of(run.out)
    assert result["rejected"] == {"row larger than 16 MiB": 1}
    assert result["restarts"] == 0
    assert result["rows"]["trained"] == [result["rows"]["train"]] * EPOCHS
    (row,) = (run.out / "quarantine.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(row)["row"] == large[:10_000]

"""Texts are classified on real executors: every row comes out once, whatever happens on the way."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from local_hadoop.daemons import wait_until
from tests.integration.conftest import Command, Running

pytestmark = pytest.mark.integration

ROWS = [
    '{"id": 1, "text": "好，好书"}',
    '{"id": 2, "text": " "}',
    "not JSON",
    '{"id": 3, "text": "坏", "more": {"seen": [1, 2]}}',
    '{"id": 4}',
]
LIMIT_SECONDS = 120
LATIN = {"LC_ALL": "en_US.ISO-8859-1", "PYTHONUTF8": "0", "PYTHONIOENCODING": "latin-1:backslashreplace"}
"""A terminal that has not heard of UTF-8."""


def outcomes(folder: Path) -> list[dict[str, Any]]:
    return [
        row for kind in ("predicted", "quarantined") for row in pq.read_table(folder / f"outcome={kind}").to_pylist()
    ]


def test_every_row_comes_out_predicted_or_quarantined(command: Command, exported: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name, lines in (("a", ROWS[:2]), ("b", ROWS[2:])):
        (tmp_path / "in" / f"{name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    arguments = ["textcnn", "predict", exported, "--input", tmp_path / "in", "--output", tmp_path / "out"]
    done = command([*arguments, "--format", "jsonl"])
    assert done.status == 0, done.terminal
    assert "2 rows predicted" in done.terminal
    assert "3 quarantined (empty text: 2, not JSON: 1)" in done.terminal

    rows = {row["id"]: row for row in outcomes(tmp_path / "out" / "predictions")}
    assert {i: row["predicted_label"] for i, row in rows.items()} == {
        1: "好评",
        3: "差评",
        2: None,
        4: None,
        None: None,
    }
    assert rows[3]["predicted_score"] == pytest.approx(0.75)
    assert rows[3]["predicted_by"] == str(exported)
    assert rows[3]["more"] == {"seen": [1, 2]}
    assert rows[None]["unreadable_row"] == "not JSON"
    assert {i: row["quarantine_reason"] for i, row in rows.items()} == {
        1: None,
        3: None,
        2: "empty text",
        4: "empty text",
        None: "not JSON",
    }
    result = json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))
    assert result["status"] == "succeeded"
    assert (result["rows"]["read"], result["predicted"], result["rows"]["quarantined"]) == (5, 2, 3)

    again = command([*arguments, "--format", "jsonl"])
    assert again.status == 2
    assert "There are predictions in" in again.terminal
    assert len(outcomes(tmp_path / "out" / "predictions")) == 5


@pytest.mark.parametrize("file", [[], ["-"]])
def test_standard_input_is_classified_in_utf8_whatever_the_locale(file: list[str], exported: Path) -> None:
    done = subprocess.run(
        ["textcnn", "predict", exported, *file, "--json"],
        input="\ufeff好\r\n\n坏，坏".encode(),
        capture_output=True,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", **LATIN},
        timeout=LIMIT_SECONDS,
        check=True,
    )
    answers = [json.loads(line) for line in done.stdout.decode().splitlines()]
    assert [(answer["text"], answer["label"]) for answer in answers][::2] == [("好", "好评"), ("坏，坏", "差评")]
    assert len(answers) == 3


def test_a_stream_that_is_killed_in_a_batch_goes_on_with_each_row_once(
    command: Command, exported: Path, tmp_path: Path
) -> None:
    texts, out = tmp_path / "texts", tmp_path / "out"
    texts.mkdir()

    def put(name: str, rows: range) -> None:
        file = tmp_path / name
        file.write_text("".join(f"好 {row}\n" for row in rows), encoding="utf-8")
        file.rename(texts / name)

    script = ["spark-submit", "--master", "local-cluster[2,1,1024]", "spark_driver/stream.py", "--model", exported]
    arguments = [*script, "--input", texts, "--format", "text", "--out", out]

    def kill_in_the_second_batch(line: str, running: Running) -> None:
        if "classifying what comes into" not in line:
            return
        assert wait_until((out / "checkpoint/commits/0").exists, LIMIT_SECONDS)
        put("second", range(10, 40_000))
        assert wait_until((out / "checkpoint/offsets/1").exists, LIMIT_SECONDS)
        assert not (out / "checkpoint/commits/1").exists()
        running.kill()

    put("first", range(10))
    killed = command(arguments, kill_in_the_second_batch)
    assert killed.status == -signal.SIGKILL, killed.terminal
    put("third", range(40_000, 40_010))
    done = command([*arguments, "--once"])
    assert done.status == 0, done.terminal
    assert "40,010 rows predicted" in done.terminal
    written = read_as_spark(out / "predictions")
    assert Counter(row["text"] for row in written) == Counter(f"好 {row}" for row in range(40_010))
    assert {row["predicted_label"] for row in written} == {"好评"}


def read_as_spark(folder: Path) -> list[dict[str, Any]]:
    """The rows of the files that the stream's own list has."""
    files: set[str] = set()
    for batch in (folder / "_spark_metadata").glob("[0-9]*"):
        files |= {json.loads(line)["path"] for line in batch.read_text(encoding="utf-8").splitlines()[1:]}
    return [row for file in files for row in pq.read_table(file.removeprefix("file://"), partitioning=None).to_pylist()]

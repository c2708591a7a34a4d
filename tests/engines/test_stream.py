"""`textcnn stream`, by Flink in its own environment: each row comes out once, whatever is killed meanwhile."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

import psutil
import pytest

import textcnn
from cluster.flink import OURS
from engines.flink.stream.request import JARS, StreamRequest
from local_hadoop.daemons import wait_until
from local_hadoop.errors import HadoopError
from run.profile import Profile
from tests.engines import kafka
from tests.engines.test_stream_rows import ROWS

FLINK = OURS / Profile().flink_python
LIMIT_SECONDS = 60

pytestmark = [pytest.mark.integration, pytest.mark.skipif(not FLINK.exists(), reason="make env-flink")]


@dataclass(frozen=True)
class Folders:
    """Of a stream."""

    models: Path
    input: Path
    output: Path

    def put(self, name: str, rows: Sequence[dict[str, Any] | str]) -> None:
        """Puts a file into the input, whole; a string is a line as it is."""
        lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
        begun = self.input.with_name(name)
        begun.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        begun.rename(self.input / name)

    def rows(self, what: str = "predictions") -> list[dict[str, Any]]:
        """What has come out."""
        files = sorted((self.output / what).glob("part-*.jsonl"))
        return [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]

    def wait_for(self, ready: Callable[[], bool]) -> None:
        """Waits for what is to come out."""
        assert wait_until(ready, LIMIT_SECONDS), [len(self.rows()), len(self.rows("quarantine"))]

    def uncommitted(self) -> set[Path]:
        """Files with rows that have been classified and have not come out."""
        return set((self.output / "predictions").glob(".part-*"))


@pytest.fixture(name="folders")
def _folders(exported: Path, tmp_path: Path) -> Folders:
    folders = Folders(tmp_path / "models", tmp_path / "in", tmp_path / "out")
    shutil.copytree(exported, folders.models / "1")
    folders.input.mkdir()
    return folders


@contextmanager
def streaming(folders: Folders, place: str = "", **properties: str) -> Iterator[psutil.Popen]:
    """Runs a stream of the input, or of another place, that checkpoints each second; kills what is left of it."""
    request = StreamRequest(
        source=replace(ROWS, input=place or str(folders.input), time_column=None),
        model=str(folders.models),
        output=str(folders.output),
        python=sys.executable,
        checkpoint_seconds=1,
        properties=properties,
    )
    file = folders.output.with_name("request.json")
    file.write_bytes(request.to_json())
    command = [str(FLINK), "-m", "engines.flink.stream.command", str(file)]
    process = psutil.Popen(command, env={**os.environ, "PYTHONPATH": str(OURS)})
    try:
        yield process
    finally:
        kill(process)


def kill(process: psutil.Process) -> None:
    """Kills a process with all that it has started."""
    if not process.is_running():
        return
    for each in [process, *process.children(recursive=True)]:
        each.kill()
    process.wait(LIMIT_SECONDS)


def of_module(process: psutil.Process, module: str) -> psutil.Process:
    """A process of a module below one."""
    (found,) = [each for each in process.children(recursive=True) if module in each.cmdline()]
    return found


def numbered(begin: int, end: int) -> list[dict[str, Any]]:
    return [{"id": number, "text": "好" if number % 3 else "坏"} for number in range(begin, end)]


def version_of_one_more(folders: Folders, number: int) -> str:
    folders.put(f"{number}.jsonl", numbered(number, number + 1))
    folders.wait_for(lambda: len(folders.rows()) == number + 1)
    (row,) = [row for row in folders.rows() if row["id"] == number]
    return str(row["predicted_by"])


def test_each_row_comes_out_once_whatever_is_killed(folders: Folders, exported: Path) -> None:
    with streaming(folders) as process:
        folders.put("a.jsonl", [*numbered(0, 300), "{"])
        folders.wait_for(lambda: len(folders.rows()) == 300)
        before = of_module(process, "server.scoring")
        psutil.Process(before.ppid()).kill()  # Flink's Python worker
        folders.put("b.jsonl", numbered(300, 600))
        folders.wait_for(lambda: len(folders.rows()) == 600)
        assert before not in process.children(recursive=True)

        shutil.copytree(exported, folders.models.with_name("unpublished")).rename(folders.models / "2")
        numbers = count(600)
        folders.wait_for(lambda: version_of_one_more(folders, next(numbers)) == str(folders.models / "2"))

        left = folders.uncommitted()
        folders.put("c.jsonl", numbered(next(numbers), 20_000))
        folders.wait_for(lambda: bool(folders.uncommitted() - left))
        kill(process)
        assert len(folders.rows()) < 20_000

    with streaming(folders) as process:
        folders.wait_for(lambda: len(folders.rows()) == 20_000)
        folders.put("d.jsonl", [*numbered(20_000, 20_001), '{"id": 20001}'])
        folders.wait_for(lambda: len(folders.rows()) == 20_001 and len(folders.rows("quarantine")) == 2)
        children = process.children(recursive=True)
        process.send_signal(signal.SIGTERM)
        assert process.wait(LIMIT_SECONDS) == 0
        _, alive = psutil.wait_procs(children, LIMIT_SECONDS)
        assert not alive

    rows = folders.rows()
    assert Counter(row["id"] for row in rows) == Counter(range(20_001))
    assert {row["predicted_label"] for row in rows if row["id"] % 3} == {"好评"}
    assert {row["predicted_label"] for row in rows if row["id"] % 3 == 0} == {"差评"}
    assert {row["predicted_by"] for row in rows if row["id"] < 600} == {str(folders.models / "1")}
    assert Counter(row["reason"] for row in folders.rows("quarantine")) == {"not JSON": 1, "empty text": 1}


def test_lines_of_a_socket_are_classified_over_one_connection_after_another(folders: Folders) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        streaming(folders, f"socket://127.0.0.1:{server.getsockname()[1]}") as process,
    ):
        server.settimeout(LIMIT_SECONDS)
        for number, line in enumerate((b'{"text": "\xff"}', b"{")):
            connection, _ = server.accept()
            with connection:
                rows = (
                    json.dumps(row, ensure_ascii=False).encode() for row in numbered(100 * number, 100 * number + 100)
                )
                connection.sendall(b"".join(b"%s\r\n" % row for row in (*rows, line)))
                folders.wait_for(lambda last=100 * number + 100: len(folders.rows()) == last)  # type: ignore[misc]
        folders.wait_for(lambda: len(folders.rows("quarantine")) == 2)
        process.send_signal(signal.SIGTERM)
        assert process.wait(LIMIT_SECONDS) == 0
    assert Counter((row["id"], row["text"]) for row in folders.rows()) == Counter(
        (row["id"], row["text"]) for row in numbered(0, 200)
    )
    assert {row["reason"] for row in folders.rows("quarantine")} == {"not UTF-8", "not JSON"}


def test_each_record_of_a_topic_comes_out_once_whatever_is_killed(folders: Folders, tmp_path: Path) -> None:
    try:
        jars = kafka.fetched()
    except HadoopError as error:
        pytest.skip(str(error))

    def put(begin: int, end: int) -> None:
        broker.put("comments", [json.dumps(row, ensure_ascii=False) for row in numbered(begin, end)])

    with kafka.running(tmp_path / "kafka", jars) as broker:
        put(0, 300)
        where = {"place": f"kafka://{broker.servers}/comments", JARS: broker.connector.as_uri()}
        with streaming(folders, **where) as process:
            folders.wait_for(lambda: len(folders.rows()) == 300)
            left = folders.uncommitted()
            put(300, 20_000)
            folders.wait_for(lambda: bool(folders.uncommitted() - left))
            kill(process)
            assert len(folders.rows()) < 20_000
        put(20_000, 20_001)
        with streaming(folders, **where) as process:
            folders.wait_for(lambda: len(folders.rows()) == 20_001)
            process.send_signal(signal.SIGTERM)
            assert process.wait(LIMIT_SECONDS) == 0
    assert Counter(row["id"] for row in folders.rows()) == Counter(range(20_001))
    assert {row["predicted_label"] for row in folders.rows() if row["id"] % 3} == {"好评"}


def test_a_topic_needs_the_connector_to_kafka(folders: Folders, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--input", "kafka://127.0.0.1:9092/comments", "--output", str(folders.output)]
    assert textcnn.main(["stream", str(folders.models), *where]) == 2
    assert 'flink-sql-connector-kafka in the profile\'s [flink], as "pipeline.jars"' in capsys.readouterr().err


def test_labels_are_counted_by_the_time_of_the_rows(folders: Folders, capfd: pytest.CaptureFixture[str]) -> None:
    def at(time: str, text: str) -> dict[str, Any]:
        return {"at": f"2026-01-01T{time}Z", "text": text}

    folders.put(
        "a.jsonl",
        [
            *(at(f"00:00:{second:02}", "好") for second in range(60)),
            at("00:01:30", "坏"),
            at("00:01:20", "坏"),
            at("00:01:00", "好"),
            {"at": "soon", "text": "好"},
            at("23:59:59", "好"),
        ],
    )
    where = ["--input", str(folders.input), "--output", str(folders.output)]
    command = ["stream", str(folders.models), *where, "--once", "--time-column", "at", "--lateness", "5"]
    assert textcnn.main(command) == 0
    counts = [(row["window_start"], row["window_end"], row["label"], row["rows"]) for row in folders.rows("counts")]
    assert sorted(counts) == [
        ("2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z", "好评", 60),
        ("2026-01-01T00:01:00Z", "2026-01-01T00:02:00Z", "好评", 1),
        ("2026-01-01T00:01:00Z", "2026-01-01T00:02:00Z", "差评", 2),
        ("2026-01-01T23:59:00Z", "2026-01-02T00:00:00Z", "好评", 1),
    ]
    assert len(folders.rows()) == 64
    assert [row["reason"] for row in folders.rows("quarantine")] == ["at is no time"]
    assert textcnn.main(command) == 2
    assert "has come to its end" in capfd.readouterr().err


def test_an_error_is_told_and_a_profile_says_how_often_to_go_on(folders: Folders) -> None:
    folders.put("a.jsonl", numbered(0, 1))
    shutil.copytree(folders.models / "1", folders.models / "2")
    (folders.models / "2" / "saved_model.pb").write_bytes(b"?")
    profile = folders.output.with_name("profile.toml")
    profile.write_text('[flink]\n"restart-strategy.type" = "none"\n', encoding="utf-8")
    where = ["--input", str(folders.input), "--output", str(folders.output), "--once", "--profile", str(profile)]
    ended = subprocess.run(
        [sys.executable, "-m", "textcnn", "stream", str(folders.models), *where],
        cwd=OURS,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        timeout=LIMIT_SECONDS,
        check=False,
    )
    assert ended.returncode == 1
    assert "these files are not those that were exported: saved_model.pb" in ended.stderr

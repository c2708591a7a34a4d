"""A corpus prepared by MapReduce on real daemons: the same as that of any engine, or the failing task's own message."""

import json
import re
import signal
import subprocess
import sys
import urllib.request
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

import storage
from cluster.yarn.uris import on_hdfs
from engines.mapreduce.prepare import prepare
from engines.records import Records, recorded
from local_hadoop.daemons import wait_until
from local_hadoop.local import LocalHadoop
from prepared.folder import read
from prepared.manifest import Manifest
from run.terminal import Terminal
from tests.engines import local_streaming, rows

pytestmark = pytest.mark.yarn

LIMIT_SECONDS = 300
RUN = """
name = "rows"
[data]
input = "prepare/rows.tsv"
format = "tsv"
test_fraction = 0.3
max_bad_fraction = 0.9
[text]
views = ["word", "char", "char2"]
user_dictionary = "prepare/words.txt"
stop_words = "prepare/stop_words.txt"
vocabulary_size = 60
max_length = 6
"""
PROFILE = """
master = "yarn"
python = "{python}"
[mapreduce]
"mapreduce.job.maps" = "3"
"mapreduce.map.maxattempts" = "1"
"""


@pytest.fixture
def home(hadoop: LocalHadoop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """The user's home on HDFS, with the input in it."""
    monkeypatch.setenv("HADOOP_CONF_DIR", str(hadoop.conf_dir))
    folder = on_hdfs("prepare")
    storage.make_folder(folder)
    for file in rows.write(tmp_path).values():
        storage.write(storage.join(folder, file.name), file.read_bytes())
    (tmp_path / "run.toml").write_text(RUN, encoding="utf-8")
    (tmp_path / "profile.toml").write_text(PROFILE.format(python=sys.executable), encoding="utf-8")
    return on_hdfs("")


def prepare_command(folder: Path, output: str, *changes: str) -> list[str]:
    command = [str(Path(sys.executable).with_name("textcnn")), "prepare", str(folder / "run.toml")]
    command += ["--engine", "mapreduce", "--profile", str(folder / "profile.toml"), "--output", output]
    return [*command, "--out", f"{output}-records", *(part for change in changes for part in ("--set", change))]


def prepared_by_mapreduce(folder: Path, output: str, *changes: str) -> subprocess.CompletedProcess[str]:
    command = prepare_command(folder, output, *changes)
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", timeout=LIMIT_SECONDS, check=False
    )


def prepared_here(folder: Path) -> Manifest:
    """What the same tasks make of the same rows in this process."""
    config, target = rows.config(rows.write(folder)), str(folder / "corpus")

    def prepared(records: Records) -> tuple[str, Manifest]:
        return target, prepare(config, target, records, local_streaming.run, reducers=1, wanted=1)

    assert recorded(str(folder / "out"), config, Terminal(Console(quiet=True)), prepared) == 0
    return read(target).manifest


def state_of(hadoop: LocalHadoop, application: str) -> str:
    with urllib.request.urlopen(f"{hadoop.resource_manager}/ws/v1/cluster/apps/{application}", timeout=10) as answer:
        return str(json.load(answer)["app"]["state"])


def test_two_jobs_make_the_corpus_that_any_engine_makes(home: str, tmp_path: Path) -> None:
    expected = prepared_here(tmp_path)
    ended = prepared_by_mapreduce(tmp_path, "prepare/corpus")
    assert ended.returncode == 0, ended.stderr
    corpus = read(f"{home}/prepare/corpus")
    assert replace(corpus.manifest, made={}) == replace(expected, made={})
    assert corpus.manifest.hash == expected.hash
    assert f"hash: {expected.hash}" in ended.stderr
    assert f"{expected.read:,} rows read" in ended.stderr
    assert f"{sum(expected.documents.values()):,} documents written" in ended.stderr
    quarantine = storage.read(f"{home}/prepare/corpus-records/quarantine.jsonl")
    assert quarantine == (tmp_path / "out" / "quarantine.jsonl").read_bytes()
    result = json.loads(storage.read(f"{home}/prepare/corpus-records/result.json"))
    assert (result["status"], result["rejected"]) == ("succeeded", corpus.manifest.rejected)
    assert not [name for name in storage.names(f"{home}/prepare") if name.startswith(".")]


def test_a_task_that_fails_ends_the_launch_with_its_own_message(home: str, tmp_path: Path) -> None:
    storage.make_folder(f"{home}/prepare/two")
    storage.write(f"{home}/prepare/two/a.tsv", rows.LINES)
    storage.write(f"{home}/prepare/two/b.tsv", "text\tlabel\n好\t好评\n".encode())
    ended = prepared_by_mapreduce(tmp_path, "prepare/failed", "data.input=prepare/two")
    assert ended.returncode == 2, ended.stderr
    assert "prepare/two/b.tsv names the columns [b'text', b'label'], another file" in ended.stderr
    assert re.search(r"textcnn logs application_\d+_\d+", ended.stderr)
    result = json.loads(storage.read(f"{home}/prepare/failed-records/result.json"))
    assert result["exit_status"] == 2
    assert not storage.exists(f"{home}/prepare/failed")
    assert not [name for name in storage.names(f"{home}/prepare") if name.startswith(".")]


def test_a_launch_that_is_ended_from_the_keyboard_kills_its_job(hadoop: LocalHadoop, home: str, tmp_path: Path) -> None:
    command = prepare_command(tmp_path, "prepare/interrupted")
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, encoding="utf-8") as process:
        assert process.stderr is not None
        said = ""
        for line in process.stderr:
            said += line
            if "submitted job_" in line:
                process.send_signal(signal.SIGINT)
        assert process.wait(LIMIT_SECONDS) == 1, said
    (job,) = set(re.findall(r"job_\d+_\d+", said))
    assert f"killing {job}" in said
    assert "The preparation was ended by SIGINT." in said
    application = job.replace("job_", "application_")
    assert wait_until(lambda: state_of(hadoop, application) == "KILLED", LIMIT_SECONDS)
    assert not storage.exists(f"{home}/prepare/interrupted")
    assert not [name for name in storage.names(f"{home}/prepare") if name.startswith(".")]

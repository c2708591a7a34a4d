"""A corpus prepared by MapReduce and Flink on real daemons: that of any engine, or the failing task's own message."""

import json
import re
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

import storage
from cluster.flink import OURS
from cluster.yarn.uris import on_hdfs
from engines.mapreduce.prepare import prepare
from engines.records import Records, recorded
from local_hadoop.daemons import processes_of, wait_until
from local_hadoop.local import LocalHadoop
from prepared.folder import read
from prepared.manifest import Manifest
from run.profile import Profile
from run.terminal import Terminal
from tests.engines import local_streaming, rows
from tests.yarn.test_train_on_yarn import application, log_of

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
PROFILES = {
    "mapreduce": f"""
master = "yarn"
python = "{sys.executable}"
[mapreduce]
"mapreduce.job.maps" = "3"
"mapreduce.map.maxattempts" = "1"
""",
    "flink": """
master = "yarn"
workers = 1
cores = 2
[flink]
"parallelism.default" = "2"
""",
}
FLINK = pytest.param(
    "flink", marks=pytest.mark.skipif(not (OURS / Profile().flink_python).exists(), reason="make env-flink")
)
TOLD = {
    "mapreduce": "(?s)(?=.*{documents:,} documents written).*{read:,} rows read",
    "flink": r"\nrows: counts\n(.*\n)*rows: documents\n(.*\n)*application_\d+_\d+ SUCCEEDED\n",
}
"""What the terminal shows of each engine."""
AT_WORK = {"mapreduce": "submitted job_", "flink": "rows: counts"}
"""How the line begins that tells of a first job."""


@pytest.fixture
def home(hadoop: LocalHadoop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """The user's home on HDFS, with the input in it."""
    monkeypatch.setenv("HADOOP_CONF_DIR", str(hadoop.conf_dir))
    folder = on_hdfs("prepare")
    storage.make_folder(folder)
    for file in rows.write(tmp_path).values():
        storage.write(storage.join(folder, file.name), file.read_bytes())
    (tmp_path / "run.toml").write_text(RUN, encoding="utf-8")
    return on_hdfs("")


def launch(engine: str, folder: Path, output: str, *changes: str) -> list[str]:
    """The command that prepares a corpus."""
    (folder / "profile.toml").write_text(PROFILES[engine], encoding="utf-8")
    command = [str(Path(sys.executable).with_name("textcnn")), "prepare", str(folder / "run.toml")]
    command += ["--engine", engine, "--profile", str(folder / "profile.toml"), "--output", output]
    return [*command, "--out", f"{output}-records", *(part for change in changes for part in ("--set", change))]


def ended(command: list[str]) -> subprocess.CompletedProcess[str]:
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


def hidden(folder: str) -> list[str]:
    """What is not to be left."""
    return [name for name in storage.names(folder) if name.startswith(".")]


def containers(hadoop: LocalHadoop, number: str) -> list[int]:
    """Processes of an application's containers."""
    found = []
    for process in processes_of(hadoop.folder):
        with suppress(OSError):  # it ends meanwhile
            if f"container_{number}_".encode() in Path(f"/proc/{process.pid}/environ").read_bytes():
                found.append(process.pid)
    return found


@pytest.mark.parametrize("engine", ["mapreduce", FLINK])
def test_two_jobs_make_the_corpus_that_any_engine_makes(engine: str, home: str, tmp_path: Path) -> None:
    expected = prepared_here(tmp_path)
    output = f"prepare/by-{engine}"
    found = ended(launch(engine, tmp_path, output))
    assert found.returncode == 0, found.stderr
    corpus = read(f"{home}/{output}")
    assert replace(corpus.manifest, made={}) == replace(expected, made={})
    assert corpus.manifest.hash == expected.hash
    assert f"corpus: {home}/{output}\nhash: {expected.hash}" in found.stderr
    told = TOLD[engine].format(read=expected.read, documents=sum(expected.documents.values()))
    assert re.search(told, found.stderr), found.stderr
    quarantine = storage.read(f"{home}/{output}-records/quarantine.jsonl")
    assert quarantine == (tmp_path / "out" / "quarantine.jsonl").read_bytes()
    result = json.loads(storage.read(f"{home}/{output}-records/result.json"))
    assert (result["status"], result["rejected"]) == ("succeeded", corpus.manifest.rejected)
    assert result["prepared"] == f"{home}/{output}"
    assert hidden(f"{home}/prepare") == []


@pytest.mark.parametrize("engine", ["mapreduce", FLINK])
def test_a_task_that_fails_ends_the_launch_with_its_own_message(engine: str, home: str, tmp_path: Path) -> None:
    storage.make_folder(f"{home}/prepare/two")
    storage.write(f"{home}/prepare/two/a.tsv", rows.LINES)
    storage.write(f"{home}/prepare/two/b.tsv", "text\tlabel\n好\t好评\n".encode())
    found = ended(launch(engine, tmp_path, "prepare/failed", "data.input=prepare/two"))
    assert found.returncode == 2, found.stderr
    assert "prepare/two/b.tsv names the columns [b'text', b'label'], another file" in found.stderr
    assert re.search(r"textcnn logs application_\d+_\d+", found.stderr)
    result = json.loads(storage.read(f"{home}/prepare/failed-records/result.json"))
    assert result["exit_status"] == 2
    assert not storage.exists(f"{home}/prepare/failed")
    assert hidden(f"{home}/prepare") == []


@pytest.mark.parametrize("engine", ["mapreduce", FLINK])
def test_a_launch_that_is_ended_from_the_keyboard_kills_what_it_has_begun(
    engine: str, hadoop: LocalHadoop, home: str, tmp_path: Path
) -> None:
    command = launch(engine, tmp_path, "prepare/interrupted")
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, encoding="utf-8") as process:
        assert process.stderr is not None
        said = ""
        for line in process.stderr:
            said += line
            if re.match(AT_WORK[engine], line):
                process.send_signal(signal.SIGINT)
        assert process.wait(LIMIT_SECONDS) == 1, said
    killed = re.search(r"killing (?:job|application)_(\d+_\d+)", said)
    assert killed, said
    number = killed[1]
    assert "The preparation was ended by SIGINT." in said
    assert "Traceback" not in said
    result = json.loads(storage.read(f"{home}/prepare/interrupted-records/result.json"))
    assert (result["status"], result["error"]) == ("failed", "The preparation was ended by SIGINT.")
    assert wait_until(lambda: application(hadoop, f"application_{number}")["state"] == "KILLED", LIMIT_SECONDS)
    assert wait_until(lambda: not containers(hadoop, number), LIMIT_SECONDS)
    assert not storage.exists(f"{home}/prepare/interrupted")
    assert hidden(f"{home}/prepare") == []


@pytest.mark.faults
@pytest.mark.parametrize("engine", [FLINK])
def test_task_managers_that_do_not_start_are_not_asked_for_for_ever(engine: str, home: str, tmp_path: Path) -> None:
    command = launch(engine, tmp_path, "prepare/none")
    unstartable = 'start_timeout_s = 20\n[flink]\n"env.java.opts.taskmanager" = "-Xms1t"\n'
    (tmp_path / "profile.toml").write_text(PROFILES[engine].replace("[flink]\n", unstartable), encoding="utf-8")
    found = ended(command)
    assert found.returncode == 1, found.stderr
    assert "Flink has had no task manager within 20 s" in found.stderr
    (identity,) = re.findall(r"textcnn logs (application_\d+_\d+)", found.stderr)
    assert "Initial heap size set to a larger value" in log_of(identity)
    assert hidden(f"{home}/prepare") == []

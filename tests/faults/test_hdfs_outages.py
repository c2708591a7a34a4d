"""HDFS goes away: the run waits for it; where it stays away the run ends, and what was there before is untouched."""

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

import psutil
import pytest

import storage
from local_hadoop import web
from local_hadoop.daemons import wait_until
from local_hadoop.local import LocalHadoop, client, down, status, up
from storage import OutageError, outages
from storage.publishing import publish, versions
from tests.faults.conftest import LIMIT_SECONDS, Fault
from tests.integration.conftest import Command, Running
from tests.integration.test_main_job import small

pytestmark = [pytest.mark.faults, pytest.mark.yarn]

ADMIN = "org.apache.hadoop.hdfs.tools.DFSAdmin"
RUN_FILE = Path("examples/reviews.toml").absolute()
EPOCHS = 12
OUTAGE_SECONDS = 30.0

Outage = Callable[[LocalHadoop], AbstractContextManager[None]]


@pytest.fixture(scope="module")
def hadoop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalHadoop]:
    """An HDFS to be broken."""
    running = up(tmp_path_factory.mktemp("broken") / "up", nodes=1)
    yield running
    down(running.folder)


@contextmanager
def safe_mode(hadoop: LocalHadoop) -> Iterator[None]:
    """HDFS can be read, and takes nothing."""
    for action in ("enter", "leave"):
        done = client(hadoop, ADMIN, "-safemode", action, user="hdfs")
        assert done.returncode == 0, done.stderr
        if action == "enter":
            yield


@contextmanager
def gone(hadoop: LocalHadoop) -> Iterator[None]:
    """The NameNode is killed; then it starts again, in safe mode at first."""
    pid = next(daemon.pid for daemon in status(hadoop.folder).daemons if daemon.name == "name-node")
    name_node = psutil.Process(pid)
    command, environment, folder = name_node.cmdline(), name_node.environ(), name_node.cwd()
    name_node.kill()
    yield
    again = subprocess.Popen(
        command,
        env=environment,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    again.returncode = 0  # `down` ends it
    assert wait_until(lambda: web.name_node_is_ready(hadoop.name_node), 180)


@contextmanager
def full(hadoop: LocalHadoop) -> Iterator[None]:
    """The run's folder has used up its quota."""
    for action in (["-setSpaceQuota", "1"], ["-clrSpaceQuota"]):
        done = client(hadoop, ADMIN, *action, f"/tmp/{full.__name__}", user="hdfs")
        assert done.returncode == 0, done.stderr
        if "1" in action:
            yield


@pytest.mark.parametrize(
    "outage", [safe_mode, gone, full], ids=["HDFS in safe mode", "HDFS gone", "HDFS quota used up"]
)
def test_an_outage_is_waited_for_by_checkpoints_and_publication(
    outage: Outage,
    hadoop: LocalHadoop,
    command: Command,
    reviews: list[dict[str, Any]],
    fault: Fault,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = f"{hadoop.default_fs}/tmp/{outage.__name__}"
    storage.make_folder(f"{out}/model/1")
    storage.write(f"{out}/model/1/saved_model.pb", b"an earlier one")
    (tmp_path / "reviews.jsonl").write_text("".join(json.dumps(row) + "\n" for row in reviews), encoding="utf-8")
    publishing, over = Event(), Event()

    def suffer() -> None:
        with outage(hadoop):
            Event().wait(OUTAGE_SECONDS)
            publishing.wait(LIMIT_SECONDS)
        over.set()

    def see(line: str, _: Running) -> None:
        if line.startswith("epoch 1:"):
            fault.injected = time.time()
            Thread(target=suffer, daemon=True).start()
        elif "tried again for" in line:
            publishing.set()

    lasting = (f"train.epochs={EPOCHS}", f"train.patience={EPOCHS}", "train.batch_size=32")
    settings = small(f"data.input={tmp_path}/reviews.jsonl", *lasting, "train.checkpoint_seconds=0.1")
    monkeypatch.chdir(tmp_path)  # the logs of a run on HDFS lie below
    outcome = command(["textcnn", "train", RUN_FILE, *settings, "--out", out], see, LIMIT_SECONDS)
    assert outcome.status == 0, outcome.terminal
    assert over.wait(LIMIT_SECONDS)
    result = json.loads(storage.read(f"{out}/result.json"))
    lines = storage.read(f"{out}/metrics/{result['run']}.jsonl").splitlines()
    fault.events = [json.loads(line) for line in lines]
    fault.ended = f"status {outcome.status}, {result['restarts']} restarts"
    assert outcome.terminal.count("A checkpoint could not be written, and is tried again: ") == 1
    assert "This is tried again for 300 s." in outcome.terminal
    assert result["restarts"] == 0
    assert result["rows"]["trained"] == [result["rows"]["train"]] * EPOCHS
    assert result["model"] == f"{out}/model/2"
    assert storage.names(f"{out}/model") == ["1", "2"]
    assert storage.read(f"{out}/model/1/saved_model.pb") == b"an earlier one"
    assert storage.names(f"{out}/checkpoints") == []


def test_an_outage_that_lasts_ends_clearly_and_leaves_what_was_there(
    hadoop: LocalHadoop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "saved_model.pb").write_bytes(b"a model")
    models = f"{hadoop.default_fs}/tmp/lasting"
    assert publish(tmp_path / "model", models) == f"{models}/1"
    monkeypatch.setattr(outages, "OUTAGE_SECONDS", 2.0)
    monkeypatch.setattr(outages, "PAUSE_SECONDS", 0.5)
    said: list[str] = []
    with safe_mode(hadoop), pytest.raises(OutageError, match=r"safe mode\. That was so for 2 s\. .*has left it"):
        publish(tmp_path / "model", models, said.append)
    assert len(said) == 1
    assert versions(models) == [1]
    assert storage.names(models) == ["1"]
    assert publish(tmp_path / "model", models) == f"{models}/2"

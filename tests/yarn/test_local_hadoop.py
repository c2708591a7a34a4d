"""HDFS and YARN on this machine, with real daemons."""

import json
import os
import signal
import time
import urllib.request
import uuid
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import psutil
import pytest

from local_hadoop.command import main
from local_hadoop.daemons import processes_of, wait_until
from local_hadoop.errors import HadoopError
from local_hadoop.jars import fetch_jars
from local_hadoop.local import APPLICATIONS, FS_SHELL, LOGS, LocalHadoop, client, status, up
from tests.integration.conftest import command_line

pytestmark = pytest.mark.yarn

ENOUGH_S = 60


def ask(hadoop: LocalHadoop, path: str, body: dict[str, Any] | None = None) -> Any:
    """What the ResourceManager's REST interface says; with a body, a POST."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    request = urllib.request.Request(f"{hadoop.resource_manager}/ws/v1/cluster/{path}", data, headers)
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20) as answer:
        return json.loads(answer.read() or b"null")


def submit(hadoop: LocalHadoop, command: str, memory_mb: int = 128, queue: str = "default") -> str:
    """Runs a command in a container of its own; returns the application's id."""
    application: str = ask(hadoop, "apps/new-application", {})["application-id"]
    request = {
        "application-id": application,
        "application-name": "a test",
        "application-type": "TEST",
        "queue": queue,
        "max-app-attempts": 1,
        "am-container-spec": {"commands": {"command": command}},
        "resource": {"memory": memory_mb, "vCores": 1},
    }
    ask(hadoop, "apps", request)
    return application


def processes_that_mention(text: str) -> list[psutil.Process]:
    return [process for process in psutil.process_iter() if any(text in part for part in command_line(process))]


def test_a_file_comes_back_as_it_was_put(hadoop: LocalHadoop, tmp_path: Path) -> None:
    (tmp_path / "书评.txt").write_text("好\n" * 1000, encoding="utf-8")
    put = client(hadoop, FS_SHELL, "-put", str(tmp_path / "书评.txt"), f"{hadoop.default_fs}/tmp/reviews.txt")
    assert put.returncode == 0, put.stderr
    got = client(hadoop, FS_SHELL, "-get", "/tmp/reviews.txt", str(tmp_path / "again.txt"))
    assert got.returncode == 0, got.stderr
    assert (tmp_path / "again.txt").read_bytes() == (tmp_path / "书评.txt").read_bytes()


def test_home_is_writable_and_the_root_folder_is_not(hadoop: LocalHadoop) -> None:
    home = client(hadoop, FS_SHELL, "-mkdir", "models")
    assert home.returncode == 0, home.stderr
    root = client(hadoop, FS_SHELL, "-mkdir", "/others")
    assert root.returncode == 1
    assert "Permission denied" in root.stderr
    superuser = client(hadoop, FS_SHELL, "-mkdir", "/others", user="hdfs")
    assert superuser.returncode == 0, superuser.stderr


def resources(hadoop: LocalHadoop) -> list[dict[str, int]]:
    """What each running node has to give."""
    nodes = ask(hadoop, "nodes")["nodes"]["node"]
    assert {node["state"] for node in nodes} == {"RUNNING"}
    of_nodes = [node["totalResource"]["resourceInformations"]["resourceInformation"] for node in nodes]
    return [{resource["name"]: resource["value"] for resource in of_node} for of_node in of_nodes]


def test_nodes_have_the_gpus_that_they_were_given(hadoop: LocalHadoop) -> None:
    first, second = sorted(resources(hadoop), key=lambda node: node["yarn.io/gpu"])
    assert first == {"memory-mb": 8192, "vcores": 4, "yarn.io/gpu": 0}
    assert second == first | {"yarn.io/gpu": 2}


def test_the_log_of_an_application_is_read_when_it_has_ended(hadoop: LocalHadoop) -> None:
    application = submit(hadoop, "echo 你好 > <LOG_DIR>/stdout")

    def log_is_on_hdfs() -> bool:
        return ask(hadoop, f"apps/{application}")["app"].get("logAggregationStatus") == "SUCCEEDED"

    assert wait_until(log_is_on_hdfs, ENOUGH_S)
    logs = client(hadoop, LOGS, "-applicationId", application, "-log_files", "stdout")
    assert logs.returncode == 0, logs.stderr
    assert "LogContents:\n你好\n" in logs.stdout
    applications = client(hadoop, APPLICATIONS, "application", "-list", "-appStates", "ALL")
    assert application in applications.stdout


def test_nothing_but_mapreduces_shuffle_listens_to_other_machines(hadoop: LocalHadoop) -> None:
    shuffles = {
        int(ElementTree.parse(file).findtext("property[name='mapreduce.shuffle.port']/value", ""))
        for file in hadoop.folder.glob("conf/node-*/mapred-site.xml")
    }
    assert len(shuffles) == hadoop.nodes
    listening = [
        connection
        for daemon in status(hadoop.folder).daemons
        for connection in psutil.Process(daemon.pid).net_connections("inet")
        if connection.status == psutil.CONN_LISTEN and connection.laddr.port not in shuffles
    ]
    assert len(listening) >= 10
    assert {connection.laddr.ip for connection in listening} <= {"127.0.0.1", "::ffff:127.0.0.1"}


def test_a_second_one_in_the_same_folder_is_refused(hadoop: LocalHadoop) -> None:
    with pytest.raises(HadoopError, match="already up"):
        up(hadoop.folder)
    assert status(hadoop.folder).healthy


def test_up_and_down_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A node is killed on the way; no process, no container and no folder is left."""
    fetch_jars()
    mark = uuid.uuid4().hex  # the name of the container's program, and of no other
    folder = tmp_path / "hadoop"
    begun = time.monotonic()
    assert main(["up", "--folder", str(folder), "--nodes", "1", "--gpus", "1"]) == 0
    assert time.monotonic() - begun < 60
    assert f"export HADOOP_CONF_DIR={folder}/conf/client\n" in capsys.readouterr().out
    try:
        assert main(["status", "--folder", str(folder)]) == 0
        now = status(folder)
        assert [node["yarn.io/gpu"] for node in resources(now.hadoop)] == [1]
        submit(now.hadoop, f"exec -a {mark} sleep 123456")
        assert wait_until(lambda: bool(processes_that_mention(mark)), ENOUGH_S)
        containers = processes_that_mention(mark)

        victim = next(daemon for daemon in now.daemons if daemon.name == "node-manager-0")
        os.kill(victim.pid, signal.SIGKILL)
        assert wait_until(lambda: not victim.alive, ENOUGH_S)
        assert status(folder).dead == ("node-manager-0",)
        assert main(["status", "--folder", str(folder)]) == 1
        assert "node-manager-0     is gone" in capsys.readouterr().out
        assert any(container.is_running() for container in containers)
    finally:
        assert main(["down", "--folder", str(folder)]) == 0
    assert not folder.exists()
    assert not list(processes_of(folder))
    assert not processes_that_mention(str(folder))
    assert not processes_that_mention(mark)


def test_a_daemon_that_does_not_start_says_why_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local_hadoop.roles.DATA_NODE", "org.apache.hadoop.hdfs.NoSuchNode")
    with pytest.raises(HadoopError, match=r"data-node ended while starting(.|\n)*NoSuchNode"):
        up(tmp_path / "hadoop", nodes=1)
    assert not (tmp_path / "hadoop").exists()
    assert not processes_that_mention(str(tmp_path))

"""Folders that Hadoop cannot be started or stopped in, found out without a daemon."""

import json
from pathlib import Path

import pytest

from local_hadoop import local
from local_hadoop.command import main
from local_hadoop.errors import HadoopError


@pytest.fixture(autouse=True)
def no_jars(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(local, "fetch_jars", lambda: tmp_path)


@pytest.fixture(name="stale")
def leave_stale_state(tmp_path: Path) -> Path:
    """The folder as a reboot leaves it: the process ids mean nothing any more."""
    folder = tmp_path / "hadoop"
    folder.mkdir()
    hadoop = {
        "folder": str(folder),
        "default_fs": "hdfs://127.0.0.1:1",
        "name_node": "http://127.0.0.1:1",
        "resource_manager": "http://127.0.0.1:1",
        "nodes": 2,
    }
    daemons = [{"name": "name-node", "pid": 1, "start": "another-boot/1"}]
    (folder / "hadoop.json").write_text(json.dumps({"hadoop": hadoop, "daemons": daemons}), encoding="utf-8")
    return folder


def test_state_from_before_a_reboot_is_reported(stale: Path, capsys: pytest.CaptureFixture[str]) -> None:
    now = local.status(stale)
    assert now.dead == ("name-node",)
    assert (now.live_data_nodes, now.running_nodes, now.healthy) == (0, 0, False)
    assert main(["status", "--folder", str(stale)]) == 1
    assert "name-node          is gone" in capsys.readouterr().out


def test_up_says_how_to_clear_state_from_before_a_reboot(stale: Path) -> None:
    with pytest.raises(HadoopError, match=r"has gone \(a reboot\?\).*`textcnn hadoop down --folder"):
        local.up(stale)


def test_down_removes_state_from_before_a_reboot_and_no_process(stale: Path) -> None:
    local.down(stale)
    assert not stale.exists()


def test_up_leaves_a_folder_of_somebody_else_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("final", encoding="utf-8")
    with pytest.raises(HadoopError, match="holds no Hadoop"):
        local.up(tmp_path)
    assert (tmp_path / "thesis.txt").exists()


def test_down_leaves_a_folder_of_somebody_else_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "thesis.txt").write_text("final", encoding="utf-8")
    assert main(["down", "--folder", str(tmp_path)]) == 1
    assert "There is no Hadoop in" in capsys.readouterr().err
    assert (tmp_path / "thesis.txt").exists()


@pytest.mark.parametrize("name", ["with space", "a:b", "a,b", "评论"])
def test_a_path_that_hadoop_fails_on_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(HadoopError, match=f"Received: .*{name}"):
        local.up(tmp_path / name)


@pytest.mark.parametrize(("nodes", "gpus"), [(0, 0), (1, -1)])
def test_impossible_numbers_are_refused(tmp_path: Path, nodes: int, gpus: int) -> None:
    with pytest.raises(HadoopError, match=f"Received: nodes={nodes}, gpus={gpus}"):
        local.up(tmp_path / "hadoop", nodes, gpus)
    assert not (tmp_path / "hadoop").exists()


def test_a_disk_that_is_nearly_full_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "LEAST_FREE", 2**60)
    with pytest.raises(HadoopError, match=rf"GiB of free disk.*make room.*{tmp_path} has \d+\.\d GiB"):
        local.up(tmp_path / "new" / "hadoop")
    assert not (tmp_path / "new").exists()

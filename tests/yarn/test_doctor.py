"""What doctor finds on real daemons."""

import platform
import re
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import textcnn
from cluster import pack
from cluster.doctor import capacity
from cluster.errors import YarnError
from local_hadoop.local import FS_SHELL, LocalHadoop, client

pytestmark = pytest.mark.yarn

ENVIRONMENTS = Path("build/environment")
"""Kept from one session of tests to the next: packing takes half a minute."""
PATIENCE_SECONDS = 45.0

Doctor = Callable[..., tuple[int, dict[str, str]]]


@pytest.fixture
def doctor(
    hadoop: LocalHadoop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Doctor:
    """The exit status for a profile, and each finding by its name as on the terminal, its remedy included."""
    monkeypatch.setenv("HADOOP_CONF_DIR", str(hadoop.conf_dir))

    def run(profile: str, *arguments: str) -> tuple[int, dict[str, str]]:
        (tmp_path / "profile.toml").write_text(f'master = "yarn"\n{profile}', encoding="utf-8")
        status = textcnn.main(["doctor", "--profile", str(tmp_path / "profile.toml"), *arguments])
        *lines, _ = capfd.readouterr().out.replace(f"\n{'':28}", " ").splitlines()
        return status, {line[9:27].strip(): f"{line[:8].strip()}: {line[28:]}" for line in lines}

    return run


def files(hadoop: LocalHadoop) -> set[str]:
    """All that lies in the users' homes on HDFS, but for what every launch puts there once."""
    listed = client(hadoop, FS_SHELL, "-ls", "-R", "/user")
    assert listed.returncode == 0, listed.stderr
    paths = {line.split(maxsplit=7)[-1] for line in listed.stdout.splitlines() if line.startswith("-")}
    return {path for path in paths if not re.search(r"/\.textcnn/[0-9a-f]{16}-", path)}


def test_all_is_well(doctor: Doctor, hadoop: LocalHadoop) -> None:
    before = files(hadoop)
    environment, _ = pack.pack(ENVIRONMENTS)
    protected = '[spark]\n"spark.authenticate" = "true"\n"spark.network.crypto.enabled" = "true"'
    status, found = doctor(f'deploy_mode = "client"\ngpus = 1\nenvironment = "{environment}"\n{protected}')
    assert status == 0
    noted = {what for what, said in found.items() if said.startswith("note")}
    assert noted - {"Flink"} == {"ports", "Java of the nodes", "interpreter"}  # its environment need not be made
    assert not [said for said in found.values() if not said.startswith(("ok", "note"))]
    assert {"HDFS", "queue", "nodes", "GPUs", "executor", "room", "driver's address", "packages"} <= set(found)
    assert found["queue"].startswith("ok: default, 0 % of its capacity used")
    assert found["GPUs"] == "ok: 2 on 1 node, 2 × 1 needed"
    assert found["nodes"] == "ok: 2 nodes, the largest with 8,192 MiB, 4 cores, 2 GPUs"
    assert files(hadoop) == before


def test_what_a_launch_would_fail_on(doctor: Doctor) -> None:
    status, found = doctor('queue = "nlp"\nworkers = 3\ngpus = 1\nexecutor_memory_mb = 6000\nstaging = "/not-mine"')
    assert status == 2
    assert found["HDFS"].startswith("failed: hdfs:///not-mine cannot be written: Permission denied: user=")
    assert found["queue"] == "failed: YARN has no queue 'nlp' Set queue in the profile to one of default."
    assert found["GPUs"].startswith("failed: 2 on 1 node, 3 × 1 needed Lower workers or gpus")
    assert found["executor"].startswith("failed: 9,072 MiB, 1 core: YARN grants a container at most 8,192 MiB")
    assert found["driver"].startswith("ok")


def test_a_probe_tries_on_a_node_what_a_worker_needs_and_brings_back_what_fails_there(
    hadoop: LocalHadoop, doctor: Doctor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment, _ = pack.pack(ENVIRONMENTS)
    monkeypatch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
    profile = f'''
start_timeout_s = 300
memory_overhead_mb = 2048
environment = "{environment.absolute()}"
[spark]
"spark.yarn.appMasterEnv.SPARK_LOCAL_IP" = "127.0.0.1"
"spark.executorEnv.SPARK_LOCAL_IP" = "127.0.0.1"
'''
    before = files(hadoop)
    status, found = doctor(profile, "--probe")
    assert status == 0, found
    assert found["node's Python"].startswith(f"ok: {platform.python_version()}, ")
    assert found["node's libraries"].startswith("ok: tensorflow 2.")
    assert found["node's GPU"] == "ok: none was asked for; TensorFlow computes on a CPU"
    assert re.match(r"ok: hdfs:///user/\w+/runs/doctor-\S+ can be written", found["HDFS from node"])
    assert re.match(r"ok: \S+:\d+ is reached", found["driver from node"])
    assert found["driver's libraries"].startswith("ok: ")

    broken = tmp_path / "broken" / "tensorflow" / "__init__.py"
    broken.parent.mkdir(parents=True)
    broken.write_text('import ctypes\nctypes.CDLL("libcudart.so.0")\n', encoding="utf-8")
    more = f'"spark.executorEnv.PYTHONPATH" = "{tmp_path}/broken"\n'
    status, found = doctor(f'deploy_mode = "client"\n{profile}{more}', "--probe")
    assert status == 2, found
    assert found["node's libraries"].startswith("failed: OSError: libcudart.so.0: cannot open shared object file")
    assert "Traceback (most recent call last)" in found["node's libraries"]
    assert f'File "{broken}", line 2' in found["node's libraries"]
    assert "node's GPU" not in found
    assert found["HDFS from node"].startswith("ok: ")
    assert files(hadoop) == before


def test_a_resource_manager_that_is_silent_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HADOOP_CONF_DIR", str(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        entry = f"<property><name>yarn.resourcemanager.address</name><value>{address}</value></property>"
        (tmp_path / "yarn-site.xml").write_text(f"<configuration>{entry}</configuration>", encoding="utf-8")
        begun = time.monotonic()
        with pytest.raises(YarnError, match="timeout while waiting"):
            capacity.ask("default")
        assert time.monotonic() - begun < PATIENCE_SECONDS

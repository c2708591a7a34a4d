"""An HDFS that is not there: it is said soon, and with what to do."""

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import storage
from storage import StorageError, UnreachableError, hdfs


@pytest.fixture(autouse=True)
def no_hadoop(monkeypatch: pytest.MonkeyPatch) -> None:
    """No configuration, and little patience."""
    for name in ("HADOOP_CONF_DIR", "HADOOP_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(hdfs, "FAILOVER_ATTEMPTS", 1)


def test_a_port_without_a_name_node(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    uri = f"hdfs://127.0.0.1:{port}/runs"
    with pytest.raises(
        UnreachableError, match=rf"{uri} cannot be written: Connection refused .*Is the NameNode running"
    ):
        storage.check_writable(uri)
    with pytest.raises(UnreachableError, match="Connection refused"), storage.local_copy(uri):
        pass
    assert os.listdir(tmp_path) == []


def test_a_host_without_an_address() -> None:
    with pytest.raises(UnreachableError, match=r"cannot be looked up: .*There is no such host"):
        storage.exists("hdfs://name-node.invalid:8020/runs")


def test_a_name_node_that_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hdfs, "ANSWER_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as server:
        begun = time.monotonic()
        with pytest.raises(UnreachableError, match=r"cannot be read: no answer in 0 s\. Is HDFS healthy"):
            storage.names(f"hdfs://127.0.0.1:{server.getsockname()[1]}/runs")
        assert time.monotonic() - begun < 5


def test_a_name_service_that_is_not_configured() -> None:
    with pytest.raises(StorageError, match=r"hdfs://service/runs cannot be read: .*Set HADOOP_CONF_DIR .*hdfs-site"):
        storage.names("hdfs://service/runs")


def test_no_default_that_is_configured() -> None:
    with pytest.raises(StorageError, match=r"hdfs:///runs cannot be read: .*Set HADOOP_CONF_DIR .*core-site"):
        storage.names("hdfs:///runs")


def test_a_log_for_an_hdfs_that_never_comes_says_so_at_the_end() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    log = storage.Log(f"hdfs://127.0.0.1:{port}/log")
    log.add(b"a line")
    with pytest.raises(UnreachableError, match="Connection refused"):
        log.close()


def refusing(monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """Every DataNode refuses so often after three bytes of a file of nine."""
    left = iter(range(times))

    def chunks(_: hdfs.Hdfs, __: str, offset: int) -> Iterator[bytes]:
        for start in range(offset, 9, 3):
            if start == 3 and next(left, None) is not None:
                raise RuntimeError("DataTransferError: All DataNodes failed")
            yield b"123456789"[start : start + 3]

    monkeypatch.setattr(hdfs.Hdfs, "_chunks", chunks)


def test_a_read_that_every_data_node_refused_for_a_moment_goes_on_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    refusing(monkeypatch, 1)
    assert storage.read("hdfs://127.0.0.1:1/file") == b"123456789"


def test_a_read_that_every_data_node_refuses_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    refusing(monkeypatch, 9)
    monkeypatch.setattr(hdfs, "READ_AGAIN", 1)
    with pytest.raises(StorageError, match=r"cannot be read: .*All DataNodes failed"):
        storage.read("hdfs://127.0.0.1:1/file")

"""Files and folders on local disks, and what is said of an HDFS that is not there."""

import hashlib
import os
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

import storage
from storage import StorageError, UnreachableError, folders, hdfs
from storage.backend import CHUNK
from text.errors import DataError

# Names


@pytest.mark.parametrize(
    ("uri", "name", "parent"),
    [
        ("runs", "runs/x", "."),
        ("/runs", "/runs/x", "/"),
        ("/a/runs/", "/a/runs/x", "/a"),
        ("file:///a/runs", "file:///a/runs/x", "/a"),
        ("hdfs://name:8020/a/runs", "hdfs://name:8020/a/runs/x", "hdfs://name:8020/a"),
        ("hdfs://service/runs", "hdfs://service/runs/x", "hdfs://service/"),
        ("hdfs:///runs", "hdfs:///runs/x", "hdfs:///"),
        ("hdfs:///", "hdfs:///x", "hdfs:///"),
    ],
)
def test_names_inside_a_folder_and_the_folder_around_it(uri: str, name: str, parent: str) -> None:
    assert storage.join(uri, "x") == name
    assert storage.parent(uri) == parent


@pytest.mark.parametrize(
    ("uri", "absolute"),
    [
        ("runs/x", "{here}/runs/x"),
        ("../x/", "{above}/x"),
        ("/a/b", "/a/b"),
        ("file:///a/b", "/a/b"),
        ("file:/a/b", "/a/b"),
        ("file://localhost/a/书 评%20?#", "/a/书 评%20?#"),
        ("12:30/x", "{here}/12:30/x"),
        ("hdfs://name:8020", "hdfs://name:8020/"),
        ("hdfs://name:8020/a//b/", "hdfs://name:8020/a/b"),
        ("hdfs:///a/../b", "hdfs:///b"),
        ("viewfs://mounts/a", "viewfs://mounts/a"),
    ],
)
def test_an_absolute_name_means_the_same_everywhere(
    uri: str, absolute: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert storage.absolute(uri) == absolute.format(here=tmp_path, above=tmp_path.parent)


@pytest.mark.parametrize("uri", ["s3://bucket/x", "hdfs:/host/x", "file://host/x", "file://", "HDFS://host/x"])
def test_a_uri_that_nobody_knows_is_an_error_that_names_the_known_ones(uri: str) -> None:
    with pytest.raises(StorageError, match=f"{uri} cannot be used: .*hdfs://host:port/path"):
        storage.absolute(uri)
    with pytest.raises(StorageError, match="cannot be used"):
        storage.read(uri)


# Files


@pytest.mark.parametrize("data", [b"", b"\x00line\r\n\xff", b"0123456789abcdef" * (CHUNK // 8)])
def test_bytes_come_back_as_they_were_written(data: bytes, tmp_path: Path) -> None:
    for uri in (f"{tmp_path}/file", f"file://{tmp_path}/file"):
        storage.write(uri, data)
        assert storage.exists(uri)
        assert storage.read(uri) == data
    assert os.listdir(tmp_path) == ["file"]


def test_a_relative_name_is_in_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    storage.write("file", b"x")
    assert (tmp_path / "file").read_bytes() == b"x"


def test_a_file_is_replaced_when_it_is_complete_and_not_before(tmp_path: Path) -> None:
    uri = f"{tmp_path}/file"
    storage.write(uri, b"old")
    with storage.writing(uri) as file:
        file.write(b"n" * 2 * CHUNK)
        assert storage.read(uri) == b"old"
        file.write(b"ew")
    assert storage.read(uri) == b"n" * 2 * CHUNK + b"ew"


def write_and_fail(uri: str, data: bytes) -> None:
    with storage.writing(uri) as file:
        file.write(data)
        raise DataError("no more rows")


def test_a_file_whose_writer_fails_stays_as_it_was(tmp_path: Path) -> None:
    uri = f"{tmp_path}/file"
    storage.write(uri, b"old")
    with pytest.raises(DataError):
        write_and_fail(uri, b"new")
    assert storage.read(uri) == b"old"
    assert os.listdir(tmp_path) == ["file"]


def test_a_log_can_be_read_after_each_line(tmp_path: Path) -> None:
    log = storage.Log(f"{tmp_path}/log")
    for number in range(3):
        log.add(b"%d" % number)
        assert storage.read(f"{tmp_path}/log") == b"".join(b"%d\n" % i for i in range(number + 1))
    log.close()
    assert storage.read(f"{tmp_path}/log") == b"0\n1\n2\n"


@pytest.mark.parametrize("uri", ["missing", "missing/deeper", "file/deeper"])
def test_what_is_missing(uri: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    assert not storage.exists(f"{tmp_path}/{uri}")
    assert storage.names(f"{tmp_path}/{uri}") == []
    with pytest.raises(StorageError, match=rf"{tmp_path}/{uri} cannot be read: (No such file|Not a directory)"):
        storage.read(f"{tmp_path}/{uri}")


# Folders


def test_folders_are_made_listed_and_removed(tmp_path: Path) -> None:
    uri = f"{tmp_path}/a/b"
    storage.make_folder(uri)
    storage.make_folder(uri)
    for name in ("2", "10", ".hidden", "书评"):
        storage.write(storage.join(uri, name), b"x")
    storage.make_folder(storage.join(uri, "c"))
    assert storage.names(uri) == [".hidden", "10", "2", "c", "书评"]
    storage.remove(storage.join(uri, "2"))
    storage.remove(storage.join(uri, "2"))
    assert storage.names(uri) == [".hidden", "10", "c", "书评"]
    storage.remove(f"{tmp_path}/a")
    assert os.listdir(tmp_path) == []


def test_a_removed_link_leaves_what_it_names(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "folder")
    storage.remove(f"{tmp_path}/link")
    assert os.listdir(tmp_path) == ["folder"]


def test_a_folder_that_can_be_written_is_left_as_it_was(tmp_path: Path) -> None:
    storage.check_writable(f"{tmp_path}/a/b")
    assert os.listdir(tmp_path / "a" / "b") == []


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    for uri in ("file", "file/deeper"):
        with pytest.raises(StorageError, match=f"{tmp_path}/{uri} cannot be written: (File exists|Not a directory)"):
            storage.check_writable(f"{tmp_path}/{uri}")


def folder_with_a_file(folder: Path, content: str) -> str:
    folder.mkdir()
    (folder / "file").write_text(content)
    return str(folder)


def test_a_folder_gets_another_name(tmp_path: Path) -> None:
    source = folder_with_a_file(tmp_path / "source", "mine")
    assert storage.move_folder(source, f"file://{tmp_path}/target")
    assert os.listdir(tmp_path) == ["target"]
    assert (tmp_path / "target" / "file").read_text() == "mine"


def test_a_folder_never_replaces_another_one_nor_moves_into_it(tmp_path: Path) -> None:
    source = folder_with_a_file(tmp_path / "source", "mine")
    (tmp_path / "empty").mkdir()
    (tmp_path / "note").write_text("somebody's")
    (tmp_path / "link").symlink_to("nowhere")
    full = folder_with_a_file(tmp_path / "full", "somebody's")
    for target in (full, f"{tmp_path}/empty", f"{tmp_path}/note", f"{tmp_path}/link"):
        assert not storage.move_folder(source, target)
    assert (tmp_path / "full" / "file").read_text() == (tmp_path / "note").read_text() == "somebody's"
    assert os.listdir(tmp_path / "empty") == []
    assert os.listdir(source) == ["file"]


def test_of_many_folders_one_gets_the_name(tmp_path: Path) -> None:
    sources = [folder_with_a_file(tmp_path / str(i), str(i)) for i in range(8)]
    together = Barrier(len(sources))

    def move(source: str) -> bool:
        together.wait()
        return storage.move_folder(source, f"{tmp_path}/target")

    with ThreadPoolExecutor(len(sources)) as threads:
        moved = list(threads.map(move, sources))
    assert moved.count(True) == 1
    assert (tmp_path / "target" / "file").read_text() == str(moved.index(True))


def test_a_folder_without_its_parent_is_an_error(tmp_path: Path) -> None:
    source = folder_with_a_file(tmp_path / "source", "mine")
    with pytest.raises(StorageError, match="cannot be written: No such file"):
        storage.move_folder(source, f"{tmp_path}/missing/target")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Files of different sizes at different depths, and an empty folder."""
    tree = tmp_path / "tree"
    (tree / "a" / "empty").mkdir(parents=True)
    (tree / "a" / "书评").write_bytes(b"")
    (tree / "a" / "large").write_bytes(os.urandom(CHUNK + 1))
    (tree / "small").write_bytes(b"x")
    return tree


def contents(folder: Path) -> dict[str, str | None]:
    return {
        str(path.relative_to(folder)): None if path.is_dir() else hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
    }


def test_a_copy_is_equal(tree: Path, tmp_path: Path) -> None:
    storage.copy_folder(str(tree), f"{tmp_path}/copy")
    assert contents(tmp_path / "copy") == contents(tree)


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), "a/large"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1] + b"\x00\x01"), "a/large"),
        (lambda path: path.unlink(), "a/large"),
        (lambda path: path.with_name("more").write_bytes(b""), "a/more"),
    ],
)
def test_a_copy_that_is_not_equal_is_an_error_that_names_the_file(
    damage: object, named: str, tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = folders._files

    def damaged_before_it_is_read_back(uri: str, folder: str) -> object:
        if not folder:
            damage(Path(uri, "a", "large"))  # type: ignore[operator]
        return files(uri, folder)

    monkeypatch.setattr(folders, "_files", damaged_before_it_is_read_back)
    with pytest.raises(StorageError, match=f"copy is not what was written: {named} came back"):
        storage.copy_folder(str(tree), f"{tmp_path}/copy")


def test_a_local_folder_is_its_own_copy(tree: Path) -> None:
    with storage.local_copy(f"file://{tree}") as folder:
        assert folder == tree


# An HDFS that is not there


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


def test_a_log_waits_for_an_hdfs_that_comes_back_and_says_at_the_end_if_it_has_not() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    log = storage.Log(f"hdfs://127.0.0.1:{port}/log")
    log.add(b"a line")
    with pytest.raises(UnreachableError, match="Connection refused"):
        log.close()

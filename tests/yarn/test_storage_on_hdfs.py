"""Files, folders, models and runs on a real HDFS."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier

import pytest

import storage
from local_hadoop.daemons import wait_until
from local_hadoop.local import FS_SHELL, LocalHadoop, client
from run import events
from run.result import Result
from spark_driver.errors import InputError, exit_status
from spark_driver.run_folder import RunFolder
from storage import StorageError
from storage.backend import CHUNK
from storage.publishing import publish, versions
from text.errors import DataError
from trainer.errors import ModelError

pytestmark = pytest.mark.yarn

ADMIN = "org.apache.hadoop.hdfs.tools.DFSAdmin"
TEXT = "读书\n" * 1000


@pytest.fixture(autouse=True)
def configuration(hadoop: LocalHadoop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HADOOP_CONF_DIR", str(hadoop.conf_dir))


@pytest.fixture
def folder(hadoop: LocalHadoop, request: pytest.FixtureRequest) -> str:
    """A folder of the test's own on HDFS; not made yet."""
    return f"{hadoop.default_fs}/tmp/{request.node.originalname}-{time.time_ns()}"


@pytest.fixture(scope="module")
def foreign(hadoop: LocalHadoop) -> str:
    """A folder that is the superuser's."""
    uri = f"{hadoop.default_fs}/foreign"
    made = client(hadoop, FS_SHELL, "-mkdir", uri, user="hdfs")
    assert made.returncode == 0, made.stderr
    return uri


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Two files, of which one lies deeper and is larger than what is written at once."""
    model = tmp_path / "model-to-publish"
    (model / "variables").mkdir(parents=True)
    (model / "saved_model.pb").write_bytes(b"graph")
    (model / "variables" / "variables.index").write_bytes(os.urandom(CHUNK + 1))
    return model


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def holds_whole(version: str, model: Path) -> bool:
    with storage.local_copy(version) as copy:
        return files(copy) == files(model)


# Files


@pytest.mark.parametrize("data", [b"", b"\x00line\r\n\xff", b"0123456789abcdef" * (CHUNK // 8)])
def test_bytes_come_back_as_they_were_written(data: bytes, folder: str) -> None:
    uri = storage.join(folder, "a", "书 评%20?#")
    storage.write(uri, b"before")
    storage.write(uri, data)
    assert storage.exists(uri)
    assert storage.read(uri) == data
    assert storage.names(storage.parent(uri)) == ["书 评%20?#"]


def test_what_is_written_here_is_read_by_hadoop_and_what_hadoop_writes_is_read_here(
    hadoop: LocalHadoop, folder: str, tmp_path: Path
) -> None:
    storage.write(storage.join(folder, "ours"), TEXT.encode())
    assert client(hadoop, FS_SHELL, "-cat", storage.join(folder, "ours")).stdout == TEXT
    (tmp_path / "theirs").write_text(TEXT, encoding="utf-8")
    put = client(hadoop, FS_SHELL, "-put", str(tmp_path / "theirs"), storage.join(folder, "theirs"))
    assert put.returncode == 0, put.stderr
    assert storage.read(storage.join(folder, "theirs")).decode() == TEXT


def test_without_a_host_the_configured_default_is_used(folder: str) -> None:
    path = storage.path_of(folder)
    storage.write(f"hdfs://{path}/file", b"x")
    assert storage.read(f"{folder}/file") == b"x"
    assert storage.absolute(f"hdfs://{path}") == f"hdfs://{path}"


def test_the_name_nodes_of_a_name_service_are_found(
    hadoop: LocalHadoop, folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first NameNode is not there; the second one answers."""
    storage.write(f"{folder}/file", b"x")
    address = hadoop.default_fs.removeprefix("hdfs://")
    properties = {
        "dfs.ha.namenodes.service": "nn1,nn2",
        "dfs.namenode.rpc-address.service.nn1": "127.0.0.1:9",
        "dfs.namenode.rpc-address.service.nn2": address,
    }
    entries = "".join(f"<property><name>{n}</name><value>{v}</value></property>" for n, v in properties.items())
    (tmp_path / "hdfs-site.xml").write_text(f"<configuration>{entries}</configuration>")
    monkeypatch.setenv("HADOOP_CONF_DIR", str(tmp_path))
    assert storage.read(f"hdfs://service{storage.path_of(folder)}/file") == b"x"


def test_a_file_is_replaced_when_it_is_complete_and_not_before(folder: str) -> None:
    uri = f"{folder}/file"
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


def test_a_file_whose_writer_fails_stays_as_it_was(folder: str) -> None:
    uri = f"{folder}/file"
    storage.write(uri, b"old")
    with pytest.raises(DataError):
        write_and_fail(uri, b"n" * 2 * CHUNK)
    assert storage.read(uri) == b"old"
    assert storage.names(folder) == ["file"]


def test_a_log_has_whole_lines_on_the_way_and_is_one_file_at_the_end(
    folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri, log = f"{folder}/log", storage.Log(f"{folder}/log")
    reader = storage.LogReader(uri)
    seen: list[bytes] = []
    assert list(reader.lines()) == []
    monkeypatch.setattr("storage.log.SECONDS", 0.0)
    monkeypatch.setattr("storage.log.TIME_SHARE", 1.0)
    monkeypatch.setattr("storage.log.PART_BYTES", 10)
    for number in range(8):
        log.add(b"line %d" % number)
        seen += reader.lines()
        assert seen == [b"line %d" % i for i in range(number + 1)]
    assert storage.names(f"{uri}.parts") == ["000000", "000001", "000002", "000003"]
    assert list(storage.LogReader(uri).lines()) == seen
    monkeypatch.setattr("storage.log.SECONDS", 60.0)
    for number in range(8, 1_000):
        log.add(b"line %d" % number)
    seen += reader.lines()
    assert len(seen) == 9
    log.close()
    log.close()
    seen += reader.lines()
    assert seen == storage.read(uri).splitlines() == [b"line %d" % i for i in range(1_000)]
    assert list(storage.LogReader(uri).lines()) == seen
    assert list(reader.lines()) == []
    assert storage.names(folder) == ["log"]


# Folders


@pytest.mark.parametrize("name", ["missing", "missing/deeper", "file/deeper"])
def test_what_is_missing(name: str, folder: str) -> None:
    storage.write(f"{folder}/file", b"x")
    uri = f"{folder}/{name}"
    assert not storage.exists(uri)
    assert storage.names(uri) == []
    storage.remove(f"{folder}/missing")
    with pytest.raises(StorageError, match=f"{uri} cannot be read: "):
        storage.read(uri)


def test_a_file_has_no_names_in_it(folder: str) -> None:
    storage.write(f"{folder}/file", b"x")
    assert storage.names(f"{folder}/file") == []


def test_a_folder_never_replaces_another_one_nor_moves_into_it(folder: str) -> None:
    for owner in ("mine", "theirs"):
        storage.write(f"{folder}/{owner}/file", owner.encode())
    storage.make_folder(f"{folder}/empty")
    for target in ("theirs", "empty", "theirs/file"):
        assert not storage.move_folder(f"{folder}/mine", f"{folder}/{target}")
    assert storage.names(folder) == ["empty", "mine", "theirs"]
    assert storage.names(f"{folder}/theirs") == storage.names(f"{folder}/mine") == ["file"]
    assert storage.names(f"{folder}/empty") == []
    assert storage.read(f"{folder}/theirs/file") == b"theirs"

    assert storage.move_folder(f"{folder}/mine", f"{folder}/new")
    assert storage.names(folder) == ["empty", "new", "theirs"]
    with pytest.raises(StorageError, match=r"cannot be written: rename destination parent .* not found"):
        storage.move_folder(f"{folder}/new", f"{folder}/missing/new")
    with pytest.raises(StorageError, match=r"cannot be written: rename source .* not found"):
        storage.move_folder(f"{folder}/mine", f"{folder}/newer")


def test_a_folder_of_somebody_else_is_refused_and_says_so(foreign: str) -> None:
    denied = rf"^{foreign}(/书)? cannot be \w+: AccessControlException: Permission denied: user=\w+, access=WRITE"
    remedy = r".*Choose a place that you may use, or ask its owner for the permission\.$"
    for refused in (
        lambda: storage.check_writable(foreign),
        lambda: storage.write(f"{foreign}/书", b"x"),
        lambda: storage.make_folder(f"{foreign}/书"),
        lambda: storage.remove(foreign),
    ):
        with pytest.raises(StorageError, match=denied + remedy):
            refused()
    assert storage.names(foreign) == []


@contextmanager
def safe_mode(hadoop: LocalHadoop) -> Iterator[None]:
    entered = client(hadoop, ADMIN, "-safemode", "enter", user="hdfs")
    assert entered.returncode == 0, entered.stderr
    try:
        yield
    finally:
        left = client(hadoop, ADMIN, "-safemode", "leave", user="hdfs")
        assert left.returncode == 0, left.stderr


def test_safe_mode_says_so(hadoop: LocalHadoop, folder: str) -> None:
    storage.write(f"{folder}/file", b"x")
    with safe_mode(hadoop):
        with pytest.raises(StorageError, match=r"cannot be written: SafeModeException: .*wait until it has left it"):
            storage.write(f"{folder}/file", b"y")
        assert storage.read(f"{folder}/file") == b"x"
    storage.write(f"{folder}/file", b"y")


# Models


def test_models_are_numbered_from_1(model: Path, folder: str) -> None:
    assert versions(folder) == []
    assert [publish(model, folder) for _ in range(3)] == [f"{folder}/{i}" for i in (1, 2, 3)]
    assert versions(folder) == [1, 2, 3]
    assert storage.names(folder) == ["1", "2", "3"]
    assert all(holds_whole(f"{folder}/{i}", model) for i in (1, 2, 3))


def test_the_next_number_follows_the_largest(model: Path, folder: str) -> None:
    for name in ("2", "9", "10", "latest", "011", ".publishing-1", "1.5"):
        storage.make_folder(f"{folder}/{name}")
    assert publish(model, folder) == f"{folder}/11"


def test_runs_that_publish_at_the_same_time_get_a_version_each(model: Path, folder: str) -> None:
    together = Barrier(8)

    def publish_together(_: int) -> str:
        together.wait()
        return publish(model, folder)

    with ThreadPoolExecutor(8) as threads:
        published = set(threads.map(publish_together, range(8)))
    assert published == {f"{folder}/{i}" for i in range(1, 9)}
    assert storage.names(folder) == [str(i) for i in range(1, 9)]
    assert all(holds_whole(version, model) for version in published)


def test_a_model_does_not_go_into_a_folder_of_somebody_else(model: Path, foreign: str) -> None:
    with pytest.raises(ModelError, match=f"cannot be published in {foreign}: .*Permission denied"):
        publish(model, foreign)


def test_an_upload_that_fails_on_the_way_leaves_nothing(model: Path, folder: str) -> None:
    (model / "lost").symlink_to("nowhere")
    with pytest.raises(ModelError):
        publish(model, folder)
    assert storage.names(folder) == []


def test_an_upload_that_is_killed_leaves_no_version(model: Path, folder: str) -> None:
    """A pipe among the model's files holds the upload until it is killed."""
    os.mkfifo(model / "pipe")
    program = (
        f"from pathlib import Path; from trainer.publish import publish; publish(Path({str(model)!r}), {folder!r})"
    )
    with subprocess.Popen([sys.executable, "-c", program], start_new_session=True) as upload:
        try:
            assert wait_until(lambda: any(storage.names(f"{folder}/{n}") for n in storage.names(folder)), 60)
            assert upload.poll() is None
        finally:
            os.killpg(upload.pid, signal.SIGKILL)
    assert versions(folder) == []
    (left,) = storage.names(folder)
    assert left.startswith(".publishing-")

    (model / "pipe").unlink()
    assert publish(model, folder) == f"{folder}/1"
    assert holds_whole(f"{folder}/1", model)


def test_a_published_model_is_loaded_from_hdfs(exported: Path, folder: str) -> None:
    from trainer.serving import Classifier

    models = storage.join(folder, "model")
    assert publish(exported, models) == f"{models}/1"
    for uri in (folder, models, f"{models}/1"):
        classifier = Classifier(uri)
        assert classifier.uri == f"{models}/1"
        assert [p.label for p in classifier.predict(["好", "坏"])] == ["好评", "差评"]
    with pytest.raises(ModelError, match=f"there is no model in {folder}/other"):
        Classifier(f"{folder}/other")


# Runs


def test_a_run_is_recorded_in_a_folder_on_hdfs(folder: str) -> None:
    storage.write(f"{folder}/report.html", b"an earlier run's")
    storage.make_folder(f"{folder}/model/1")
    run = RunFolder(folder)
    run.create()
    assert storage.names(folder) == ["model"]
    assert run.models == f"{folder}/model"

    run.write_json("config.json", {"name": "书评"})
    run.write_lines("labels.txt", ["好评", "差评"])
    run.quarantine([])
    run.record(events.Tested(0, 1, 1, 0.1, [[2, 0], [1, 3]], 100.0, 1.0))
    run.record(events.Published(0, f"{folder}/model/2", 0.5))
    run.write_result(Result(status="succeeded"))
    names = ["config.json", "labels.txt", "metrics.jsonl", "model", "quarantine.jsonl", "report.html", "result.json"]
    assert storage.names(folder) == names
    assert len(storage.read(f"{folder}/metrics.jsonl").splitlines()) == 2
    assert "差评" in storage.read(f"{folder}/report.html").decode()
    assert storage.names(f"{folder}/model") == ["1"]


def test_a_folder_that_is_not_writable_is_an_error_of_the_users(foreign: str) -> None:
    run = RunFolder(f"{foreign}/run")
    with pytest.raises(InputError, match=rf"{foreign}/run cannot be written: .*Permission denied.*Give --out") as error:
        run.create()
    assert exit_status(error.value) == 2
    assert not run.created

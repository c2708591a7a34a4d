"""The contract on a real HDFS, what holds there alone, and models and runs that lie there."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import storage
from local_hadoop.daemons import wait_until
from local_hadoop.local import FS_SHELL, LocalHadoop, client
from local_hadoop.settings import SUPERUSER
from local_hadoop.web import make_folder
from run import events
from run.result import Result
from spark_driver.errors import InputError, exit_status
from spark_driver.run_folder import RunFolder
from storage import StorageError
from storage.publishing import publish, versions
from tests.encoded import word_language
from tests.storage.contract import FilesContract, FoldersContract, LogInPartsContract, PublishingContract, holds_whole
from trainer.errors import ModelError

pytestmark = pytest.mark.yarn

ADMIN = "org.apache.hadoop.hdfs.tools.DFSAdmin"
TEXT = "读书\n" * 1000


@pytest.fixture(autouse=True)
def configuration(hadoop: LocalHadoop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HADOOP_CONF_DIR", str(hadoop.conf_dir))


@pytest.fixture
def root(hadoop: LocalHadoop, request: pytest.FixtureRequest, configuration: None) -> str:  # noqa: ARG001
    """A new folder of the test's own on HDFS."""
    uri = f"{hadoop.default_fs}/tmp/{request.node.originalname}-{time.time_ns()}"
    storage.make_folder(uri)
    return uri


@pytest.fixture(scope="module")
def foreign(hadoop: LocalHadoop) -> str:
    """A folder that is the superuser's."""
    uri = f"{hadoop.default_fs}/foreign"
    make_folder(hadoop.name_node, "/foreign", owner=SUPERUSER, permission="755")
    return uri


@contextmanager
def safe_mode(hadoop: LocalHadoop) -> Iterator[None]:
    entered = client(hadoop, ADMIN, "-safemode", "enter", user="hdfs")
    assert entered.returncode == 0, entered.stderr
    try:
        yield
    finally:
        left = client(hadoop, ADMIN, "-safemode", "leave", user="hdfs")
        assert left.returncode == 0, left.stderr


class TestFiles(FilesContract):
    """Files on HDFS."""

    def test_what_is_written_here_is_read_by_hadoop_and_what_hadoop_writes_is_read_here(
        self, hadoop: LocalHadoop, root: str, tmp_path: Path
    ) -> None:
        storage.write(storage.join(root, "ours"), TEXT.encode())
        assert client(hadoop, FS_SHELL, "-cat", storage.join(root, "ours")).stdout == TEXT
        (tmp_path / "theirs").write_text(TEXT, encoding="utf-8")
        put = client(hadoop, FS_SHELL, "-put", str(tmp_path / "theirs"), storage.join(root, "theirs"))
        assert put.returncode == 0, put.stderr
        assert storage.read(storage.join(root, "theirs")).decode() == TEXT

    def test_without_a_host_the_configured_default_is_used(self, root: str) -> None:
        path = storage.path_of(root)
        storage.write(f"hdfs://{path}/file", b"x")
        assert storage.read(f"{root}/file") == b"x"
        assert storage.absolute(f"hdfs://{path}") == f"hdfs://{path}"

    def test_the_name_nodes_of_a_name_service_are_found(
        self, hadoop: LocalHadoop, root: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The first NameNode is not there; the second one answers."""
        storage.write(f"{root}/file", b"x")
        address = hadoop.default_fs.removeprefix("hdfs://")
        properties = {
            "dfs.ha.namenodes.service": "nn1,nn2",
            "dfs.namenode.rpc-address.service.nn1": "127.0.0.1:9",
            "dfs.namenode.rpc-address.service.nn2": address,
        }
        entries = "".join(f"<property><name>{n}</name><value>{v}</value></property>" for n, v in properties.items())
        (tmp_path / "hdfs-site.xml").write_text(f"<configuration>{entries}</configuration>", encoding="utf-8")
        monkeypatch.setenv("HADOOP_CONF_DIR", str(tmp_path))
        assert storage.read(f"hdfs://service{storage.path_of(root)}/file") == b"x"

    def test_the_folders_around_a_file_are_made_with_it(self, root: str) -> None:
        storage.write(f"{root}/a/b/file", b"x")
        assert storage.names(f"{root}/a") == ["b"]
        assert storage.names(f"{root}/a/b") == ["file"]

    def test_safe_mode_says_so(self, hadoop: LocalHadoop, root: str) -> None:
        storage.write(f"{root}/file", b"x")
        with safe_mode(hadoop):
            with pytest.raises(
                StorageError, match=r"cannot be written: SafeModeException: .*wait until it has left it"
            ):
                storage.write(f"{root}/file", b"y")
            assert storage.read(f"{root}/file") == b"x"
        storage.write(f"{root}/file", b"y")


class TestFolders(FoldersContract):
    """Folders on HDFS."""

    def test_a_folder_of_somebody_else_is_refused_and_says_so(self, foreign: str) -> None:
        denied = rf"^{foreign}(/书)? cannot be \w+: Permission denied: user=\w+, access=WRITE"
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

    def test_a_local_copy_is_there_as_long_as_it_is_needed(self, root: str) -> None:
        storage.write(f"{root}/a/file", b"x")
        with storage.local_copy(root) as copy:
            assert (copy / "a" / "file").read_bytes() == b"x"
        assert not copy.exists()
        assert storage.read(f"{root}/a/file") == b"x"
        with storage.local_copy(f"{root}/a/file") as file:
            assert (file.name, file.read_bytes()) == ("file", b"x")
        assert not file.exists()
        with pytest.raises(StorageError, match="no such file"), storage.local_copy(f"{root}/nowhere"):
            pass


class TestLog(LogInPartsContract):
    """A log on HDFS."""

    polled_lines = 25


class TestPublishing(PublishingContract):
    """Models on HDFS."""

    def test_a_model_does_not_go_into_a_folder_of_somebody_else(self, model: Path, foreign: str) -> None:
        with pytest.raises(StorageError, match=f"cannot be published in {foreign}: .*Permission denied"):
            publish(model, foreign)

    def test_an_upload_that_is_killed_leaves_no_version(self, model: Path, root: str) -> None:
        """A pipe among the model's files holds the upload until it is killed."""
        os.mkfifo(model / "pipe")
        program = (
            f"from pathlib import Path; from storage.publishing import publish; publish(Path({str(model)!r}), {root!r})"
        )
        with subprocess.Popen([sys.executable, "-c", program], start_new_session=True) as upload:
            try:
                assert wait_until(lambda: any(storage.names(f"{root}/{n}") for n in storage.names(root)), 60)
                assert upload.poll() is None
            finally:
                os.killpg(upload.pid, signal.SIGKILL)
        assert versions(root) == []
        (left,) = storage.names(root)
        assert left.startswith(".publishing-")

        (model / "pipe").unlink()
        assert publish(model, root) == f"{root}/1"
        assert holds_whole(f"{root}/1", model)

    def test_a_published_model_is_loaded_from_hdfs(self, exported: Path, root: str) -> None:
        from trainer.serving import Classifier

        models = storage.join(root, "model")
        assert publish(exported, models) == f"{models}/1"
        for uri in (root, models, f"{models}/1"):
            classifier = Classifier(uri)
            assert classifier.uri == f"{models}/1"
            assert [p.label for p in classifier.predict(["好", "坏"])] == ["好评", "差评"]
        with pytest.raises(ModelError, match=f"there is no model in {root}/other"):
            Classifier(f"{root}/other")


def test_a_run_is_recorded_in_a_folder_on_hdfs(root: str) -> None:
    storage.write(f"{root}/report.html", b"an earlier run's")
    storage.make_folder(f"{root}/model/1")
    storage.write(f"{root}/metrics/20260101-000000-ab.jsonl", b"an earlier run's")
    run = RunFolder(root, "20260102-000000-cd")
    run.create()
    assert storage.names(root) == ["metrics", "model"]
    assert run.models == f"{root}/model"

    run.write_config({"name": "书评"})
    run.write_language(word_language(["好"], ["好评", "差评"]))
    run.quarantine([])
    run.record(events.Tested(0, 1, 1, 0.1, [[2, 0], [1, 3]], {}, 100.0, 1.0))
    run.record(events.Published(0, f"{root}/model/2", 0.5))
    run.write_result(Result(status="succeeded"))
    report = ["report.html", "report.json"]
    records = ["config.json", "labels.txt", "metrics", "model", "quarantine.jsonl", *report, "result.json"]
    assert storage.names(root) == [*records, "vocabulary-word.txt"]
    assert storage.read(f"{root}/vocabulary-word.txt").decode() == "好\n"
    assert storage.names(f"{root}/metrics") == ["20260101-000000-ab.jsonl", "20260102-000000-cd.jsonl"]
    assert len(storage.read(f"{root}/metrics/20260102-000000-cd.jsonl").splitlines()) == 2
    assert "差评" in storage.read(f"{root}/report.html").decode()
    assert storage.names(f"{root}/model") == ["1"]


def test_a_folder_that_is_not_writable_is_an_error_of_the_users(foreign: str) -> None:
    run = RunFolder(f"{foreign}/run", "a-run")
    with pytest.raises(InputError, match=rf"{foreign}/run cannot be written: .*Permission denied.*Give --out") as error:
        run.create()
    assert exit_status(error.value) == 2
    assert not run.created

"""The contract on local disks, by path and by file URI, and what holds there alone."""

import os
from pathlib import Path

import pytest

import storage
from storage import StorageError
from tests.storage.contract import FilesContract, FoldersContract, LogContract, PublishingContract


@pytest.fixture(params=["", "file://"], ids=["path", "file-uri"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    (tmp_path / "root").mkdir()
    return f"{request.param}{tmp_path}/root"


class TestFiles(FilesContract):
    """Files on local disks."""

    def test_a_path_and_its_file_uri_name_one_file(self, tmp_path: Path) -> None:
        storage.write(f"{tmp_path}/file", b"x")
        assert storage.read(f"file://{tmp_path}/file") == b"x"
        storage.write(f"file://{tmp_path}/file", b"y")
        assert (tmp_path / "file").read_bytes() == b"y"
        assert os.listdir(tmp_path) == ["file"]

    def test_a_relative_name_is_in_the_working_directory(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        storage.write("file", b"x")
        assert (tmp_path / "file").read_bytes() == b"x"

    def test_a_file_in_a_folder_that_is_missing_is_an_error(self, tmp_path: Path) -> None:
        with pytest.raises(StorageError, match=rf"^{tmp_path}/missing/file cannot be written: No such file"):
            storage.write(f"{tmp_path}/missing/file", b"x")
        assert os.listdir(tmp_path) == []

    def test_a_removed_link_leaves_what_it_names(self, tmp_path: Path) -> None:
        (tmp_path / "folder").mkdir()
        (tmp_path / "link").symlink_to(tmp_path / "folder")
        storage.remove(f"{tmp_path}/link")
        assert os.listdir(tmp_path) == ["folder"]


class TestFolders(FoldersContract):
    """Folders on local disks."""

    def test_a_folder_is_moved_from_a_path_to_a_file_uri(self, tmp_path: Path) -> None:
        (tmp_path / "source").mkdir()
        assert storage.move_folder(f"{tmp_path}/source", f"file://{tmp_path}/target")
        assert os.listdir(tmp_path) == ["target"]

    def test_a_folder_never_replaces_a_link_that_leads_nowhere(self, tmp_path: Path) -> None:
        (tmp_path / "source").mkdir()
        (tmp_path / "link").symlink_to("nowhere")
        assert not storage.move_folder(f"{tmp_path}/source", f"{tmp_path}/link")
        assert sorted(os.listdir(tmp_path)) == ["link", "source"]
        assert (tmp_path / "link").is_symlink()

    def test_a_local_folder_is_its_own_copy(self, tree: Path) -> None:
        for uri in (f"{tree}", f"file://{tree}"):
            with storage.local_copy(uri) as folder:
                assert folder == tree
            assert (tree / "small").exists()


class TestLog(LogContract):
    """A log on local disks."""

    def test_a_log_is_a_file_of_whole_lines_after_each_line(self, root: str) -> None:
        log = storage.Log(f"{root}/log")
        for number in range(3):
            log.add(b"%d" % number)
            assert storage.read(f"{root}/log") == b"".join(b"%d\n" % i for i in range(number + 1))
        assert storage.names(root) == ["log"]
        log.close()
        assert storage.read(f"{root}/log") == b"0\n1\n2\n"


class TestPublishing(PublishingContract):
    """Models on local disks."""

"""What holds on every storage; each one runs these classes with a fixture `root`, the URI of a new, empty folder."""

import hashlib
import os
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from threading import Barrier

import pytest

import storage
from storage import StorageError, folders
from storage.backend import CHUNK
from storage.publishing import publish, versions

LARGE = b"0123456789abcdef" * (CHUNK // 8)
MISSING = "No such file|Not a directory|not found|not exist|not a directory"


def write_and_fail(uri: str, data: bytes, error: type[BaseException]) -> None:
    with storage.writing(uri) as file:
        file.write(data)
        raise error("no more rows")


class Broken(BytesIO):
    """What can be read once, and then no more."""

    def read(self, size: int | None = -1) -> bytes:
        if self.tell():
            raise ValueError("the rest is gone")
        return super().read(size)


def contents(folder: Path) -> dict[str, str | None]:
    """Every file's checksum, and None for every folder."""
    return {
        str(path.relative_to(folder)): None if path.is_dir() else hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
    }


def holds_whole(uri: str, folder: Path) -> bool:
    """Tells whether a folder on the storage is equal to a local one."""
    with storage.local_copy(uri) as copy:
        return contents(copy) == contents(folder)


class FilesContract:
    """Files: read, and written as a whole or not at all."""

    @pytest.mark.parametrize("data", [b"", b"\x00line\r\n\xff", LARGE])
    def test_bytes_come_back_as_they_were_written(self, data: bytes, root: str) -> None:
        uri = storage.join(root, "书 评%20?#")
        storage.write(uri, b"before")
        storage.write(uri, data)
        assert storage.exists(uri)
        assert storage.read(uri) == data
        assert storage.size(uri) == len(data)
        assert storage.names(storage.parent(uri)) == ["书 评%20?#"]

    def test_bytes_are_read_from_an_offset_on(self, root: str) -> None:
        storage.write(f"{root}/file", LARGE)
        for offset in (0, 1, CHUNK - 1, CHUNK, len(LARGE) - 1, len(LARGE), len(LARGE) + 1):
            assert storage.read(f"{root}/file", offset) == LARGE[offset:]

    def test_a_large_file_is_read_in_chunks(self, root: str) -> None:
        storage.write(f"{root}/file", LARGE)
        chunks = list(storage.chunks(f"{root}/file", 7))
        assert b"".join(chunks) == LARGE[7:]
        assert all(0 < len(chunk) <= CHUNK for chunk in chunks)

    def test_an_open_file_is_read_from_any_place_on(self, root: str) -> None:
        storage.write(f"{root}/file", LARGE)
        with storage.opened(f"{root}/file") as file:
            assert file.read(5) == LARGE[:5]
            for offset in (CHUNK + 3, 7, len(LARGE) - 2, len(LARGE)):
                assert file.seek(offset) == file.tell() == offset
                assert file.read(CHUNK + 1) == LARGE[offset : offset + CHUNK + 1]
            assert file.seek(-4, os.SEEK_END) == len(LARGE) - 4
            assert file.read() == LARGE[-4:]

    def test_a_file_that_is_not_there_is_not_opened(self, root: str) -> None:
        with pytest.raises(StorageError, match=r"none cannot be read: there is no such file\. Check the path"):
            storage.opened(f"{root}/none")

    @pytest.mark.parametrize("data", [b"", b"x", LARGE + b"\xff"])
    def test_what_another_file_holds_is_put_in_the_place_of_the_old(self, data: bytes, root: str) -> None:
        storage.write(f"{root}/file", b"old")
        assert storage.put(f"{root}/file", BytesIO(data)) == len(data)
        assert storage.read(f"{root}/file") == data
        assert storage.names(root) == ["file"]

    def test_what_cannot_be_read_to_its_end_is_not_put(self, root: str) -> None:
        storage.write(f"{root}/file", b"old")
        for name in ("file", "new"):
            with pytest.raises(ValueError, match="the rest is gone"):
                storage.put(f"{root}/{name}", Broken(LARGE))
        assert storage.read(f"{root}/file") == b"old"
        assert storage.names(root) == ["file"]

    def test_a_file_is_replaced_when_it_is_complete_and_not_before(self, root: str) -> None:
        uri = f"{root}/file"
        storage.write(uri, b"old")
        with storage.writing(uri) as file:
            file.write(b"n" * 2 * CHUNK)
            assert storage.read(uri) == b"old"
            file.write(b"ew")
        assert storage.read(uri) == b"n" * 2 * CHUNK + b"ew"

    def test_a_file_is_there_when_it_is_complete_and_not_before(self, root: str) -> None:
        with storage.writing(f"{root}/file") as file:
            file.write(LARGE)
            assert not storage.exists(f"{root}/file")
        assert storage.read(f"{root}/file") == LARGE

    @pytest.mark.parametrize("data", [b"new", b"n" * 2 * CHUNK])
    @pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
    def test_a_file_whose_writer_fails_stays_as_it_was(
        self, error: type[BaseException], data: bytes, root: str
    ) -> None:
        storage.write(f"{root}/file", b"old")
        for name in ("file", "new"):
            with pytest.raises(error, match="no more rows"):
                write_and_fail(f"{root}/{name}", data, error)
        assert storage.read(f"{root}/file") == b"old"
        assert storage.names(root) == ["file"]

    def test_of_many_writers_one_has_the_file_to_itself(self, root: str) -> None:
        written, together = [b"%d" % i * 100_000 for i in range(4)], Barrier(4)

        def write(data: bytes) -> None:
            together.wait()
            storage.write(f"{root}/file", data)

        with ThreadPoolExecutor(4) as threads:
            list(threads.map(write, written))
        assert storage.read(f"{root}/file") in written
        assert storage.names(root) == ["file"]

    def test_a_file_does_not_replace_a_folder(self, root: str) -> None:
        storage.make_folder(f"{root}/folder")
        with pytest.raises(StorageError, match=f"^{re.escape(root)}/folder cannot be written: "):
            storage.write(f"{root}/folder", b"x")
        assert storage.names(root) == ["folder"]
        assert storage.size(f"{root}/folder") is None

    def test_a_folder_is_not_read_as_a_file(self, root: str) -> None:
        storage.make_folder(f"{root}/folder")
        with pytest.raises(StorageError, match=f"^{re.escape(root)}/folder cannot be read: "):
            storage.read(f"{root}/folder")

    @pytest.mark.parametrize("name", ["missing", "missing/deeper", "file/deeper"])
    def test_what_is_missing(self, name: str, root: str) -> None:
        storage.write(f"{root}/file", b"x")
        uri = f"{root}/{name}"
        assert not storage.exists(uri)
        assert storage.size(uri) is None
        assert storage.names(uri) == []
        for offset in (0, 1):
            with pytest.raises(StorageError, match=f"^{re.escape(uri)} cannot be read: .*({MISSING})"):
                storage.read(uri, offset)
        storage.remove(uri)
        assert storage.names(root) == ["file"]


class FoldersContract:
    """Folders: made, listed, copied and moved whole."""

    @pytest.fixture
    def tree(self, tmp_path: Path) -> Path:
        """Local files of different sizes at different depths, and an empty folder."""
        tree = tmp_path / "tree to copy"
        (tree / "a" / "empty").mkdir(parents=True)
        (tree / "a" / "书评").write_bytes(b"")
        (tree / "a" / "large").write_bytes(os.urandom(CHUNK + 1))
        (tree / "small").write_bytes(b"x")
        return tree

    def test_folders_are_made_listed_and_removed(self, root: str) -> None:
        uri = f"{root}/a/b"
        storage.make_folder(uri)
        storage.make_folder(uri)
        for name in ("2", "10", ".hidden", "书评"):
            storage.write(storage.join(uri, name), b"x")
        storage.make_folder(storage.join(uri, "c"))
        assert storage.exists(uri)
        assert storage.names(uri) == [".hidden", "10", "2", "c", "书评"]
        storage.remove(storage.join(uri, "2"))
        storage.remove(storage.join(uri, "2"))
        assert storage.names(uri) == [".hidden", "10", "c", "书评"]
        storage.remove(f"{root}/a")
        assert storage.names(root) == []

    def test_a_file_has_no_names_in_it(self, root: str) -> None:
        storage.write(f"{root}/file", b"x")
        assert storage.names(f"{root}/file") == []

    def test_a_folder_that_can_be_written_is_left_as_it_was(self, root: str) -> None:
        storage.check_writable(f"{root}/a/b")
        assert storage.exists(f"{root}/a/b")
        assert storage.names(f"{root}/a/b") == []
        storage.write(f"{root}/a/file", b"x")
        storage.check_writable(f"{root}/a")
        assert storage.names(f"{root}/a") == ["b", "file"]

    @pytest.mark.parametrize("name", ["file", "file/deeper"])
    def test_a_folder_that_cannot_be_written_is_an_error(self, name: str, root: str) -> None:
        storage.write(f"{root}/file", b"in the way")
        why = "File exists|Not a directory|already exists|not a directory"
        with pytest.raises(StorageError, match=f"^{re.escape(root)}/{name} cannot be written: .*({why})"):
            storage.check_writable(f"{root}/{name}")
        assert storage.read(f"{root}/file") == b"in the way"

    def test_a_folder_gets_another_name(self, root: str) -> None:
        storage.make_folder(f"{root}/source")
        storage.write(f"{root}/source/file", b"mine")
        assert storage.move_folder(f"{root}/source", f"{root}/target")
        assert storage.names(root) == ["target"]
        assert storage.names(f"{root}/target") == ["file"]
        assert storage.read(f"{root}/target/file") == b"mine"

    def test_a_folder_never_replaces_another_one_nor_moves_into_it(self, root: str) -> None:
        for owner in ("mine", "theirs"):
            storage.make_folder(f"{root}/{owner}")
            storage.write(f"{root}/{owner}/file", owner.encode())
        storage.make_folder(f"{root}/empty")
        storage.write(f"{root}/note", b"theirs")
        for taken in ("theirs", "theirs/file", "empty", "note"):
            assert not storage.move_folder(f"{root}/mine", f"{root}/{taken}")
        assert storage.names(root) == ["empty", "mine", "note", "theirs"]
        assert storage.names(f"{root}/mine") == storage.names(f"{root}/theirs") == ["file"]
        assert storage.names(f"{root}/empty") == []
        assert storage.read(f"{root}/mine/file") == b"mine"
        assert storage.read(f"{root}/theirs/file") == storage.read(f"{root}/note") == b"theirs"

    def test_files_are_written_side_by_side_or_an_error_names_one_that_is_not(self, root: str) -> None:
        files = {f"{root}/{number}": str(number).encode() * 10 for number in range(20)}
        storage.write_all(files)
        assert {uri: storage.read(uri) for uri in files} == files
        with pytest.raises(StorageError, match=f"^{re.escape(root)}/7/below cannot be written"):
            storage.write_all({f"{root}/a": b"a", f"{root}/7/below": b""})
        assert len(storage.names(root)) in (20, 21)

    def test_of_many_folders_one_gets_the_name(self, root: str) -> None:
        sources = [f"{root}/{i}" for i in range(8)]
        for source in sources:
            storage.make_folder(source)
            storage.write(f"{source}/file", source.encode())
        together = Barrier(len(sources))

        def move(source: str) -> bool:
            together.wait()
            return storage.move_folder(source, f"{root}/target")

        with ThreadPoolExecutor(len(sources)) as threads:
            moved = list(threads.map(move, sources))
        assert moved.count(True) == 1
        assert storage.read(f"{root}/target/file").decode() == sources[moved.index(True)]
        assert storage.names(f"{root}/target") == ["file"]
        assert len(storage.names(root)) == 8

    def test_a_folder_without_its_parent_is_an_error(self, root: str) -> None:
        storage.make_folder(f"{root}/source")
        why = "No such file|rename destination parent .* not found"
        with pytest.raises(StorageError, match=f"^{re.escape(root)}/missing/target cannot be written: ({why})"):
            storage.move_folder(f"{root}/source", f"{root}/missing/target")
        assert storage.names(root) == ["source"]

    def test_a_folder_that_is_missing_gets_no_other_name(self, root: str) -> None:
        why = "No such file|rename source .* not found"
        with pytest.raises(StorageError, match=f"^{re.escape(root)}/target cannot be written: ({why})"):
            storage.move_folder(f"{root}/missing", f"{root}/target")
        assert storage.names(root) == []

    def test_a_folder_is_as_large_as_all_files_in_it(self, tree: Path, root: str) -> None:
        storage.copy_folder(str(tree), f"{root}/copy")
        assert storage.folder_size(f"{root}/copy") == CHUNK + 2
        assert storage.folder_size(f"{root}/missing") == 0

    def test_a_copy_is_equal(self, tree: Path, root: str) -> None:
        storage.copy_folder(str(tree), f"{root}/a/copy")
        assert holds_whole(f"{root}/a/copy", tree)
        storage.copy_folder(f"{root}/a/copy", f"{root}/a/copy of it")
        assert holds_whole(f"{root}/a/copy of it", tree)
        assert storage.names(f"{root}/a") == ["copy", "copy of it"]

    @pytest.mark.parametrize(
        ("damage", "named"),
        [
            (lambda uri: storage.write(uri, storage.read(uri)[:-1]), "a/large"),
            (lambda uri: storage.write(uri, b"\x01\x00" + storage.read(uri, 1)), "a/large"),
            (lambda uri: storage.remove(uri), "a/large"),
            (lambda uri: storage.write(f"{storage.parent(uri)}/more", b""), "a/more"),
        ],
        ids=["shorter", "longer", "gone", "one more"],
    )
    def test_a_copy_that_is_not_equal_is_an_error_that_names_the_file(
        self, damage: Callable[[str], None], named: str, tree: Path, root: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        files = folders._files

        def damaged_before_it_is_read_back(uri: str) -> Iterator[str]:
            damage(f"{uri}/a/large")
            return files(uri)

        monkeypatch.setattr(folders, "_files", damaged_before_it_is_read_back)
        with pytest.raises(StorageError, match=f"copy is not what was written: {named} came back"):
            storage.copy_folder(str(tree), f"{root}/copy")


class LogContract:
    """A file of lines that are added one at a time and can be read meanwhile."""

    polled_lines = 200
    """Enough that a reader comes in between."""

    @pytest.fixture(autouse=True)
    def without_delay(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Every line is written at once, and two make a part."""
        monkeypatch.setattr("storage.log.SECONDS", 0.0)
        monkeypatch.setattr("storage.log.TIME_SHARE", 1.0)
        monkeypatch.setattr("storage.log.PART_BYTES", 10)

    def test_a_line_is_read_as_soon_as_it_is_written_and_only_once(self, root: str) -> None:
        log, reader = storage.Log(f"{root}/log"), storage.LogReader(f"{root}/log")
        assert list(reader.lines()) == []
        for number in range(5):
            log.add(b"line %d" % number)
            assert list(reader.lines()) == [b"line %d" % number]
            assert list(reader.lines()) == []
        log.close()
        assert list(reader.lines()) == []

    def test_a_reader_that_polls_while_lines_are_added_gets_each_once_and_in_order(
        self, root: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("storage.log.PART_BYTES", 30)
        log, reader = storage.Log(f"{root}/log"), storage.LogReader(f"{root}/log")
        lines = [b"line %d" % i for i in range(self.polled_lines)]
        seen: list[bytes] = []

        def add_all() -> None:
            for line in lines:
                log.add(line)
            log.close()

        with ThreadPoolExecutor(1) as threads:
            adding = threads.submit(add_all)
            while not adding.done():
                seen += reader.lines()
        adding.result()
        seen += reader.lines()
        assert seen == lines

    def test_a_reader_may_begin_at_any_time(self, root: str) -> None:
        log = storage.Log(f"{root}/log")
        lines = [b"line %d" % i for i in range(5)]
        readers: list[tuple[storage.LogReader, list[bytes]]] = []
        for line in lines:
            log.add(line)
            reader = storage.LogReader(f"{root}/log")
            readers.append((reader, list(reader.lines())))
        log.close()
        readers.append((storage.LogReader(f"{root}/log"), []))
        assert [len(seen) for _, seen in readers] == [*range(1, 6), 0]
        assert all([*seen, *reader.lines()] == lines for reader, seen in readers)

    @pytest.mark.parametrize("reads_before", [False, True])
    def test_a_log_that_nobody_has_closed_is_read_to_its_end(self, reads_before: bool, root: str) -> None:
        log, reader = storage.Log(f"{root}/log"), storage.LogReader(f"{root}/log")
        log.add(b"first")
        seen = list(reader.lines()) if reads_before else []
        for line in (b"second", b"", b"\xff\r"):
            log.add(line)
        del log
        assert [*seen, *reader.lines()] == [b"first", b"second", b"", b"\xff\r"]

    def test_a_closed_log_is_one_file(self, root: str) -> None:
        log = storage.Log(f"{root}/log")
        lines = [b"line %d" % i for i in range(5)]
        for line in lines:
            log.add(line)
        for _ in range(2):
            log.close()
            assert storage.read(f"{root}/log") == b"".join(line + b"\n" for line in lines)
            assert storage.names(root) == ["log"]
            assert list(storage.LogReader(f"{root}/log").lines()) == lines

    def test_a_line_that_is_there_by_half_is_read_when_it_is_whole(self, root: str) -> None:
        reader = storage.LogReader(f"{root}/log")
        storage.write(f"{root}/log", b"first\nsec")
        assert list(reader.lines()) == [b"first"]
        storage.write(f"{root}/log", b"first\nsecond\n\nthi")
        assert list(reader.lines()) == [b"second", b""]
        storage.write(f"{root}/log", b"first\nsecond\n\nthird\n")
        assert list(reader.lines()) == [b"third"]

    def test_a_line_that_comes_after_the_end_is_not_lost_nor_are_those_before(self, root: str) -> None:
        log = storage.Log(f"{root}/log")
        for line in (b"first", b"second", b"third"):
            log.add(line)
            log.close()
        assert storage.read(f"{root}/log") == b"first\nsecond\nthird\n"

    def test_a_reader_that_is_left_in_the_middle_goes_on_there(self, root: str) -> None:
        log, reader = storage.Log(f"{root}/log"), storage.LogReader(f"{root}/log")
        log.add(b"first")
        log.add(b"second")
        assert next(iter(reader.lines())) == b"first"
        assert list(reader.lines()) == [b"second"]

    def test_a_log_without_lines_is_no_file(self, root: str) -> None:
        log, reader = storage.Log(f"{root}/log"), storage.LogReader(f"{root}/log")
        log.close()
        assert list(reader.lines()) == []
        assert storage.names(root) == []


class LogInPartsContract(LogContract):
    """A log where nothing can be appended to a file."""

    def test_a_log_lies_in_parts_until_it_is_closed(self, root: str) -> None:
        log = storage.Log(f"{root}/log")
        for number in range(7):
            log.add(b"line %d" % number)
        assert storage.names(root) == ["log.parts"]
        assert storage.names(f"{root}/log.parts") == ["000000", "000001", "000002", "000003"]
        assert storage.read(f"{root}/log.parts/000001") == b"line 2\nline 3\n"
        log.close()
        assert storage.names(root) == ["log"]

    def test_lines_that_come_fast_are_written_together(self, root: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("storage.log.SECONDS", 60.0)
        log, reader = storage.Log(f"{root}/log"), storage.LogReader(f"{root}/log")
        lines = [b"line %d" % i for i in range(1_000)]
        for line in lines:
            log.add(line)
        seen = list(reader.lines())
        assert seen == lines[:1]
        log.close()
        seen += reader.lines()
        assert seen == storage.read(f"{root}/log").splitlines() == lines


class PublishingContract:
    """A whole model under the next number, or nothing."""

    @pytest.fixture
    def model(self, tmp_path: Path) -> Path:
        """Two files, of which one lies deeper and is larger than what is written at once."""
        model = tmp_path / "model-to-publish"
        (model / "variables").mkdir(parents=True)
        (model / "saved_model.pb").write_bytes(b"graph")
        (model / "variables" / "variables.index").write_bytes(os.urandom(CHUNK + 1))
        return model

    def test_models_are_numbered_from_1(self, model: Path, root: str) -> None:
        models = f"{root}/runs/models"
        assert [publish(model, models) for _ in range(3)] == [f"{models}/1", f"{models}/2", f"{models}/3"]
        assert versions(models) == [1, 2, 3]
        assert storage.names(models) == ["1", "2", "3"]
        assert all(holds_whole(f"{models}/{i}", model) for i in (1, 2, 3))

    def test_the_next_number_follows_the_largest(self, model: Path, root: str) -> None:
        for name in ("2", "9", "10", "latest", "011", ".publishing-1", "1.5"):
            storage.make_folder(f"{root}/{name}")
        assert versions(root) == [2, 9, 10]
        assert publish(model, root) == f"{root}/11"
        assert holds_whole(f"{root}/11", model)

    def test_a_folder_that_is_missing_has_no_versions(self, root: str) -> None:
        assert versions(f"{root}/models") == []

    def test_runs_that_publish_at_the_same_time_get_a_version_each(self, model: Path, root: str) -> None:
        models, together = f"{root}/models", Barrier(8)

        def publish_together(_: int) -> str:
            together.wait()
            return publish(model, models)

        with ThreadPoolExecutor(8) as threads:
            published = sorted(threads.map(publish_together, range(8)))
        assert published == [f"{models}/{i}" for i in range(1, 9)]
        assert storage.names(models) == [str(i) for i in range(1, 9)]
        assert all(holds_whole(version, model) for version in published)

    def test_a_file_with_the_next_number_is_not_replaced(self, model: Path, root: str) -> None:
        storage.write(f"{root}/1", b"somebody's notes")
        assert publish(model, root) == f"{root}/2"
        assert storage.read(f"{root}/1") == b"somebody's notes"

    def test_a_target_that_cannot_be_written_is_an_error(self, model: Path, root: str) -> None:
        storage.write(f"{root}/file", b"in the way")
        with pytest.raises(StorageError, match=r"^the model cannot be published in .*file/models: "):
            publish(model, f"{root}/file/models")

    def test_a_version_that_another_run_publishes_in_between_is_not_replaced(
        self, model: Path, root: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        storage.write(f"{publish(model, root)}/saved_model.pb", b"the other run's")
        seen = iter([[], [1]])  # at first, the other run was not there yet
        monkeypatch.setattr("storage.publishing.versions", lambda _: next(seen))
        assert publish(model, root) == f"{root}/2"
        assert storage.read(f"{root}/1/saved_model.pb") == b"the other run's"
        assert storage.names(root) == ["1", "2"]

    def test_a_copy_that_fails_on_the_way_leaves_nothing(self, model: Path, root: str) -> None:
        (model / "lost").symlink_to("nowhere")
        with pytest.raises(StorageError):
            publish(model, f"{root}/models")
        assert storage.exists(f"{root}/models")
        assert storage.names(f"{root}/models") == []

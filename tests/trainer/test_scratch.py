"""What a worker uses makes its temporary files where the worker says."""

import tempfile
from multiprocessing.managers import BaseManager
from pathlib import Path

import pytest

from trainer.scratch import temporary_files_in


def test_a_managers_socket_has_a_relative_path_however_long_that_of_the_folder_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / ("long" * 40)
    folder.mkdir()
    monkeypatch.chdir(folder)
    before = tempfile.gettempdir()
    with temporary_files_in("."):
        manager = BaseManager()
        manager.start()
    with manager:
        (made,) = folder.iterdir()
        assert Path(str(manager.address)).parent == Path(made.name)
        manager.connect()
    assert tempfile.gettempdir() == before


def test_it_ends_with_an_error_too() -> None:
    before = tempfile.tempdir
    with pytest.raises(ValueError, match="no"), temporary_files_in("."):
        raise ValueError("no")
    assert tempfile.tempdir == before

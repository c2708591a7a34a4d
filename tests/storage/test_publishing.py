"""Publishing: a whole model under the next number, or nothing."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from storage import StorageError
from storage.publishing import publish, versions


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Two files, of which one lies deeper."""
    model = tmp_path / "model-to-publish"
    (model / "variables").mkdir(parents=True)
    (model / "saved_model.pb").write_bytes(b"graph")
    (model / "variables" / "variables.index").write_bytes(b"weights" * 1_000)
    return model


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_models_are_numbered_from_1(model: Path, tmp_path: Path) -> None:
    models = tmp_path / "runs" / "models"
    published = [publish(model, str(models)) for _ in range(3)]
    assert published == [f"{models}/1", f"{models}/2", f"{models}/3"]
    assert all(files(Path(folder)) == files(model) for folder in published)
    assert sorted(p.name for p in models.iterdir()) == ["1", "2", "3"]


def test_the_next_number_follows_the_largest(model: Path, tmp_path: Path) -> None:
    models = tmp_path / "models"
    for name in ("2", "9", "10", "latest", "011", ".publishing-1", "1.5"):
        (models / name).mkdir(parents=True)
    assert versions(str(models)) == [2, 9, 10]
    assert publish(model, str(models)) == f"{models}/11"


def test_a_folder_that_is_missing_has_no_versions(tmp_path: Path) -> None:
    assert versions(str(tmp_path / "models")) == []


def test_runs_that_publish_at_the_same_time_get_a_version_each(model: Path, tmp_path: Path) -> None:
    models, together = tmp_path / "models", Barrier(8)

    def publish_together(_: int) -> Path:
        together.wait()
        return Path(publish(model, str(models)))

    with ThreadPoolExecutor(8) as threads:
        published = list(threads.map(publish_together, range(8)))
    assert sorted(int(p.name) for p in published) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert sorted(int(p.name) for p in models.iterdir()) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert all(files(folder) == files(model) for folder in published)


def test_a_file_with_the_next_number_is_not_replaced(model: Path, tmp_path: Path) -> None:
    models = tmp_path / "models"
    models.mkdir()
    (models / "1").write_text("somebody's notes")
    assert publish(model, str(models)) == f"{models}/2"
    assert (models / "1").read_text() == "somebody's notes"


def test_a_target_that_cannot_be_written_is_an_error(model: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match=r"cannot be published in .*file/models"):
        publish(model, str(tmp_path / "file" / "models"))


def test_a_version_that_another_run_publishes_in_between_is_not_replaced(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = tmp_path / "models"
    (Path(publish(model, str(models))) / "saved_model.pb").write_bytes(b"the other run's")
    seen = iter([[], [1]])  # at first, the other run was not there yet
    monkeypatch.setattr("storage.publishing.versions", lambda _: next(seen))
    assert publish(model, str(models)) == f"{models}/2"
    assert (models / "1" / "saved_model.pb").read_bytes() == b"the other run's"


def test_a_copy_that_fails_on_the_way_leaves_nothing(model: Path, tmp_path: Path) -> None:
    models = tmp_path / "models"
    (model / "lost").symlink_to(tmp_path / "nowhere")
    with pytest.raises(StorageError):
        publish(model, str(models))
    assert list(models.iterdir()) == []

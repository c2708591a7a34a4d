"""The curves of runs as TensorBoard reads them."""

import re
import socket
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
import tensorflow as tf
from tensorflow.core.util.event_pb2 import Event as Record

import storage
import textcnn
from run import settings
from run.config import DataConfig, RunConfig, TrainConfig
from run.errors import SettingsError
from run.events import Advised, EpochDone, Member, Progress, Tested
from spark_driver.run_folder import RunFolder
from storage import UnreachableError, hdfs
from trainer.board import Boards, follow, write

CONFIG = RunConfig(
    data=DataConfig(input="x"), train=TrainConfig(epochs=2, learning_rate=0.01, decay="linear", warmup=0.25)
)
CONFUSION = [[3, 1], [0, 4]]

Curves = dict[str, list[tuple[int, float]]]


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    """A run of two epochs of four steps that has come to the end of its first."""
    run = RunFolder(str(tmp_path / "reviews"), "20270101-000000-0")
    run.create()
    run.write_config(settings.to_json(CONFIG))
    run.record(Advised("There is a repeat."))
    run.record(Progress(0, 1, 2, 2, 4, 64, 800.0, 0.75))
    run.record(Progress(0, 1, 2, 4, 4, 128, 900.0, 0.5))
    run.record(EpochDone(0, 1, 128, 0.625, 0.5, 0.875, 0.75, 1.5))
    return run


def records(folder: Path) -> Iterator[Record]:
    (file,) = folder.rglob("*tfevents*")
    for record in tf.data.TFRecordDataset(str(file)):
        yield Record.FromString(record.numpy())


def curves(folder: Path) -> Curves:
    found: Curves = defaultdict(list)
    for record in records(folder):
        for value in record.summary.value:
            found[value.tag].append((record.step, value.simple_value))
    return dict(found)


def rounded(curve: list[tuple[int, float]]) -> list[tuple[int, float]]:
    return [(step, round(value, 6)) for step, value in curve]


def test_a_run_has_curves_of_its_steps_and_of_its_epochs(run: RunFolder, tmp_path: Path) -> None:
    assert write([run.uri], tmp_path / "board") == 4
    found = curves(tmp_path / "board")
    assert found["train/loss"] == [(2, 0.75), (4, 0.5)]
    assert found["train/documents_per_second"] == [(2, 800.0), (4, 900.0)]
    assert found["epoch/loss"] == [(1, 0.625)]
    assert found["validation/accuracy"] == [(1, 0.875)]
    assert found["validation/macro_f1"] == [(1, 0.75)]
    assert found["validation/loss"] == [(1, 0.5)]


def test_the_learning_rate_is_that_of_the_schedule_at_each_step(run: RunFolder, tmp_path: Path) -> None:
    write([run.uri], tmp_path / "board")
    # Two of the eight steps warm up; the fourth is the second of six that fall to nothing.
    assert rounded(curves(tmp_path / "board")["train/learning_rate"]) == [(2, 0.01), (4, 0.008333)]


def test_the_test_documents_are_a_figure_of_the_best_epoch(run: RunFolder, tmp_path: Path) -> None:
    run.record(Tested(0, 2, 2, None, CONFUSION, {"textcnn": Member(1.0, CONFUSION)}, 900.0, 3.0))
    write([run.uri], tmp_path / "board")
    found = curves(tmp_path / "board")
    assert found["test/accuracy"] == [(2, 0.875)]
    assert "test/loss" not in found


def test_what_has_no_figure_is_no_curve(run: RunFolder, tmp_path: Path) -> None:
    run.record(EpochDone(0, 2, 128, 0.5, None, None, None, 1.5))
    write([run.uri], tmp_path / "board")
    assert curves(tmp_path / "board")["validation/accuracy"] == [(1, 0.875)]


def test_a_run_that_trains_grows(run: RunFolder, tmp_path: Path) -> None:
    boards = Boards([run.uri], tmp_path / "board")
    assert boards.refresh() == 4
    assert boards.refresh() == 0
    run.record(Progress(0, 2, 2, 2, 4, 64, 850.0, 0.25))
    assert boards.refresh() == 1
    assert curves(tmp_path / "board")["train/loss"] == [(2, 0.75), (4, 0.5), (6, 0.25)]


def test_an_event_has_the_time_at_which_it_was_told(run: RunFolder, tmp_path: Path) -> None:
    write([run.uri], tmp_path / "board")
    (metrics,) = Path(run.uri, "metrics").iterdir()
    times = [float(time) for time in re.findall(r'"time": ([\d.]+)', metrics.read_text(encoding="utf-8"))]
    version, *told = records(tmp_path / "board")
    assert version.file_version == "brain.Event:2"
    assert [record.wall_time for record in told] == times[1:]  # the first is a warning, which is no curve


def test_runs_lie_beside_each_other(run: RunFolder, tmp_path: Path) -> None:
    second = RunFolder(run.uri, "20270102-000000-0")
    second.create()
    second.write_config(settings.to_json(CONFIG))
    second.record(EpochDone(0, 1, 128, 0.5, 0.25, 1.0, 1.0, 1.5))
    write([run.uri], tmp_path / "board")
    first_curves, second_curves = (curves(tmp_path / "board" / "reviews" / made.run) for made in (run, second))
    assert first_curves["validation/accuracy"] == [(1, 0.875)]
    assert second_curves["validation/accuracy"] == [(1, 1.0)]


def test_a_folder_that_is_no_runs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="has no metrics yet, or is no run's folder"):
        write([str(tmp_path)], tmp_path / "board")


def test_a_folder_that_is_not_there_is_refused(run: RunFolder, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"There is no .*/reveiws\. Name the folder of a run, here or on HDFS\."):
        write([run.uri, str(tmp_path / "reveiws")], tmp_path / "board")


def test_an_hdfs_that_is_not_there_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(hdfs, "FAILOVER_ATTEMPTS", 1)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert textcnn.main(["board", f"hdfs://127.0.0.1:{port}/run", "--write", str(tmp_path / "board")]) == 2
    assert re.search(r"textcnn: hdfs://.*Connection refused.*Is the NameNode running", capfd.readouterr().err)


def test_a_place_that_takes_no_event_files_is_said(
    run: RunFolder, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert textcnn.main(["board", run.uri, "--write", str(tmp_path / "file")]) == 2
    assert "file/reviews" in capfd.readouterr().err


def test_an_outage_is_told_once_and_curves_go_on_after_it(
    run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    boards = Boards([run.uri], tmp_path / "board")
    assert not follow(boards)
    run.record(Progress(0, 2, 2, 2, 4, 64, 850.0, 0.25))
    with monkeypatch.context() as broken:
        broken.setattr("storage.names", gone)
        assert follow(boards, outage=False)
        assert follow(boards, outage=True)
    assert capsys.readouterr().err == "HDFS is gone. The curves stand still until that is over.\n"
    assert not follow(boards, outage=True)
    assert capsys.readouterr().err == "It can be read again: the curves go on.\n"
    assert curves(tmp_path / "board")["train/loss"] == [(2, 0.75), (4, 0.5), (6, 0.25)]


def gone(_: str) -> list[str]:
    raise UnreachableError("HDFS is gone.", "Start it.")


def test_a_run_that_is_removed_while_it_is_shown_leaves_its_curves(run: RunFolder, tmp_path: Path) -> None:
    boards = Boards([run.uri], tmp_path / "board")
    boards.refresh()
    storage.remove(run.uri)
    assert boards.refresh() == 0
    assert curves(tmp_path / "board")["train/loss"] == [(2, 0.75), (4, 0.5)]


def test_the_command_leaves_event_files(run: RunFolder, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert textcnn.main(["board", run.uri, "--write", str(tmp_path / "board")]) == 0
    assert "4 lines of metrics are in event files" in capfd.readouterr().out
    assert curves(tmp_path / "board")["train/loss"] == [(2, 0.75), (4, 0.5)]


def test_tensorboard_reads_them(run: RunFolder, tmp_path: Path) -> None:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    write([run.uri], tmp_path / "board")
    events = accumulator.EventAccumulator(str(tmp_path / "board" / "reviews" / run.run)).Reload()
    assert [(event.step, event.value) for event in events.Scalars("train/loss")] == [(2, 0.75), (4, 0.5)]
    assert [event.value for event in events.Scalars("validation/accuracy")] == [0.875]

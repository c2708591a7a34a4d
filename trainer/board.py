"""The metrics of runs as event files, which TensorBoard shows."""

import json
import math
import posixpath
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import tensorflow as tf
from tensorflow.core.framework.summary_pb2 import Summary
from tensorflow.core.util.event_pb2 import Event as Record

import storage
from run import folder, settings
from run.config import RunConfig, TrainConfig
from run.errors import SettingsError
from run.events import EpochDone, Event, Progress, Tested, from_json
from run.metrics import Evaluation
from storage import LogReader, OutageError
from trainer.schedule import Schedule

VERSION = "brain.Event:2"
REFRESH_SECONDS = 5.0


class EventFile:
    """An event file: what happened at which step, and when."""

    def __init__(self, directory: Path):
        """Begins a file in a folder, which is made.

        Raises:
            StorageError: it cannot be made.
        """
        storage.make_folder(str(directory))
        name = f"events.out.tfevents.{time.time():.6f}.{socket.gethostname()}"
        self._records = tf.io.TFRecordWriter(str(directory / name))
        self._records.write(Record(wall_time=time.time(), file_version=VERSION).SerializeToString())

    def add(self, at: float, step: int, figures: Mapping[str, float]) -> None:
        """Adds figures, with the time in seconds since 1970."""
        values = [Summary.Value(tag=tag, simple_value=figure) for tag, figure in figures.items()]
        self._records.write(Record(wall_time=at, step=step, summary=Summary(value=values)).SerializeToString())

    def flush(self) -> None:
        """Has all of it written."""
        self._records.flush()


class Boards:
    """Event files of runs, that grow as the runs' metrics do."""

    def __init__(self, runs: Sequence[str], target: Path):
        """Takes the folders of runs, local or on HDFS, and where the event files go.

        Raises:
            SettingsError: one of them is not there, or has no metrics.
            StorageError: one cannot be read.
        """
        for run in runs:
            if not storage.exists(run):
                raise SettingsError(f"There is no {run}.", "Name the folder of a run, here or on HDFS.")
            if not storage.names(storage.join(run, folder.METRICS)):
                raise SettingsError(
                    f"{run} has no metrics yet, or is no run's folder.",
                    f"Name a folder in which a run has begun to train: {folder.METRICS}/ is in it.",
                )
        self._runs = runs
        self._target = target
        self._begun: dict[str, tuple[LogReader, EventFile, TrainConfig]] = {}

    def refresh(self) -> int:
        """Adds what the metrics have got since the last time; returns the number of their lines.

        Raises:
            StorageError: runs cannot be read, or event files not be written; what was added stays.
        """
        lines = 0
        for log in self._logs():
            reader, file, config = self._begun[log]
            for line in reader.lines():
                lines += 1
                at, event = json.loads(line)["time"], from_json(line)
                step, figures = figures_of(event, config)
                if figures:
                    file.add(at, step, figures)
            file.flush()
        return lines

    def _logs(self) -> Iterator[str]:
        """Yields the runs' metrics, of which a folder has several where several runs went into it."""
        for run in self._runs:
            metrics = storage.join(run, folder.METRICS)
            for name in {name.removesuffix(".parts") for name in storage.names(metrics)}:
                log = storage.join(metrics, name)
                if log not in self._begun:
                    directory = self._target / posixpath.basename(run.rstrip("/")) / Path(name).stem
                    self._begun[log] = LogReader(log), EventFile(directory), _config(run)
                yield log


def figures_of(event: Event, config: TrainConfig) -> tuple[int, dict[str, float]]:
    """Returns the step that figures are of, and the figures by their names; no figures where an event has none.

    What is told within an epoch is of steps since the training began, all else of epochs.
    """
    if isinstance(event, Progress):
        step = (event.epoch - 1) * event.steps + event.step
        rate = config.learning_rate * Schedule(config, event.steps).share(step)
        speed = event.documents_per_second
        return step, {"train/loss": event.loss, "train/learning_rate": rate, "train/documents_per_second": speed}
    if isinstance(event, EpochDone):
        figures = {
            "epoch/loss": event.loss,
            "epoch/seconds": event.seconds,
            "validation/loss": event.validation_loss,
            "validation/accuracy": event.validation_accuracy,
            "validation/macro_f1": event.validation_macro_f1,
        }
        return event.epoch, {name: figure for name, figure in figures.items() if figure is not None}
    if isinstance(event, Tested):
        test = Evaluation.of(event.confusion, event.loss)
        of_test = {"test/loss": test.loss, "test/accuracy": test.accuracy, "test/macro_f1": test.macro_f1}
        return event.best_epoch, {name: figure for name, figure in of_test.items() if not math.isnan(figure)}
    return 0, {}


def write(runs: Sequence[str], target: Path) -> int:
    """Writes the event files of runs into a folder; returns the number of lines in their metrics."""
    return Boards(runs, target).refresh()


def follow(boards: Boards, outage: bool = False) -> bool:
    """Adds what is new, or tells once that it cannot be read now: what is shown stays, for as long as a person looks.

    Args:
        boards: what grows.
        outage: whether it could not be read the last time.

    Returns:
        Whether it could not be read this time.

    Raises:
        StorageError: it cannot be read, and that will stay so.
    """
    try:
        boards.refresh()
    except OutageError as error:
        if not outage:
            print(f"{error.found} The curves stand still until that is over.", file=sys.stderr)
        return True
    if outage:
        print("It can be read again: the curves go on.", file=sys.stderr)
    return False


def show(runs: Sequence[str], port: int) -> int:
    """Shows runs in TensorBoard until that ends; a run that still trains grows there. Returns TensorBoard's status."""
    with TemporaryDirectory(prefix="textcnn-board-") as target:
        boards = Boards(runs, Path(target))
        boards.refresh()
        command = [sys.executable, "-m", "tensorboard.main", "--logdir", target, "--port", str(port)]
        with subprocess.Popen([*command, "--reload_interval", str(int(REFRESH_SECONDS))]) as process:
            outage = False
            try:
                while True:
                    try:
                        return process.wait(REFRESH_SECONDS)
                    except subprocess.TimeoutExpired:
                        outage = follow(boards, outage)
            finally:
                process.terminate()


def _config(run: str) -> TrainConfig:
    file = storage.join(run, folder.CONFIG)
    return settings.parse(RunConfig, json.loads(storage.read(file)), file).train

"""Launches a stream: its Python is that of Flink's environment, in a process of its own."""

import sys
from pathlib import Path

import storage
from cluster import flink
from cluster.errors import LaunchError
from engines.flink.launch import run
from engines.flink.stream.places import Folder, Topic, place_of
from engines.flink.stream.request import JARS, Source, StreamRequest
from run.profile import Profile
from trainer.card import model_of


def launch(source: Source, model: str, output: str, checkpoint_seconds: int, profile: Profile) -> int:
    """Classifies texts as they arrive, in a cluster of Flink's within a process; returns the exit status.

    Args:
        source: the texts.
        model: as `model_of` takes it; newer versions are taken up.
        output: the folder that the rows come out in.
        checkpoint_seconds: how often rows come out.
        profile: Flink's properties, and its Python.

    Raises:
        LaunchError: the profile is for YARN, there is no such Python, a folder is not one of this machine, or there is
            no connector to Kafka.
        SettingsError: the input is none.
        ModelError: there is no model.
        StorageError: it cannot be read.
    """
    if profile.master != "local":
        raise LaunchError("Flink classifies on this machine.", 'Give --profile one with master = "local".')
    python = flink.python(profile)
    _check_local(output)
    place = place_of(source.input)
    if isinstance(place, Folder):
        _check_local(place.path)
        if not Path(place.path).is_dir():
            raise LaunchError(f"There is no folder {place.path}.", "Make it before files are to come into it.")
    if isinstance(place, Topic) and JARS not in profile.flink:
        raise LaunchError(
            "Flink comes without a connector to Kafka.",
            f'Name the file of flink-sql-connector-kafka in the profile\'s [flink], as "{JARS}" = "file:///…".',
        )
    model_of(model)
    request = StreamRequest(
        source=source,
        model=storage.absolute(model),
        output=output,
        python=sys.executable,
        checkpoint_seconds=checkpoint_seconds,
        properties=profile.flink,
    )
    return classify(request, python)


def classify(request: StreamRequest, python: Path) -> int:
    """Classifies what a request asks for in a process of Flink's Python; returns the exit status."""
    return run(python, "engines.flink.stream.command", request.to_json())


def _check_local(folder: str) -> None:
    if not storage.is_local(folder):
        raise LaunchError(f"{folder} is not on this machine.", "Give folders of its own disks.")

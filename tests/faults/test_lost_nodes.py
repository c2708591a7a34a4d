"""On YARN: a container is killed, and a node dies; the workers go on from their last checkpoint on what is left."""

import json
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import psutil
import pytest

import storage
from local_hadoop.local import LocalHadoop, down, status, up
from tests.faults.conftest import Fault
from tests.yarn import test_train_on_yarn as yarn

pytestmark = pytest.mark.faults

folder, environment, staged, command = yarn.folder, yarn.environment, yarn.staged, yarn.command
"""Fixtures."""

EPOCHS = 20
LOSS_SECONDS = 120.0
"""How long it may take until the others miss a node that says nothing more."""


@pytest.fixture(scope="module")
def hadoop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalHadoop]:
    """A node for the driver, one to be lost, and one to go on with."""
    running = up(tmp_path_factory.mktemp("nodes") / "up", nodes=3)
    yield running
    down(running.folder)


def containers(application: str) -> dict[str, list[psutil.Process]]:
    """The processes of an application's containers; the driver's container is the first."""
    found: dict[str, list[psutil.Process]] = {}
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            container = process.environ().get("CONTAINER_ID", "")
            if application.removeprefix("application") in container:
                found.setdefault(container, []).append(process)
    return dict(sorted(found.items()))


def kill(processes: list[psutil.Process]) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()


def lose_container(_: LocalHadoop, application: str) -> None:
    """Kills an executor with all that it has started, as YARN does."""
    *_drivers, executor = containers(application).values()
    kill(executor)


def lose_node(hadoop: LocalHadoop, application: str) -> None:
    """Kills a NodeManager on whose node there is an executor and no driver, and all that runs there."""

    def port(container: list[psutil.Process]) -> str:
        return container[0].environ()["NM_PORT"]

    drivers, *executors = containers(application).values()
    lost = next(port(executor) for executor in executors if port(executor) != port(drivers))
    for node in range(hadoop.nodes):
        site = (hadoop.folder / "conf" / f"node-{node}" / "yarn-site.xml").read_text(encoding="utf-8")
        if re.search(rf"yarn\.nodemanager\.address</name>\s*<value>[^<]*:{lost}<", site):
            manager = next(d.pid for d in status(hadoop.folder).daemons if d.name == f"node-manager-{node}")
            os.kill(manager, 9)
    for executor in executors:
        if port(executor) == lost:
            kill(executor)


def test_a_container_and_then_a_node_cost_the_steps_since_the_last_checkpoint(
    hadoop: LocalHadoop, folder: str, command: yarn.Command, named: Callable[[str], Fault]
) -> None:
    faults = [named("SIGKILL of a container"), named("SIGKILL of a node")]
    struck: list[Fault] = []

    def strike(application: str) -> None:
        lose = (lose_container, lose_node)[len(struck)]
        struck.append(faults[len(struck)])
        struck[-1].injected = time.time()
        lose(hadoop, application)

    settings = (f"train.epochs={EPOCHS}", f"train.patience={EPOCHS}", "train.batch_size=32")
    changes = [part for setting in (*settings, "train.checkpoint_seconds=0.1") for part in ("--set", setting)]
    train = command("out/lost", *changes, more=yarn.ON_TWO_NODES)
    with subprocess.Popen(train, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, encoding="utf-8") as process:
        assert process.stderr is not None
        said = ""
        for line in process.stderr:
            said += line
            gone_on = said.count("going on from the checkpoint of epoch") == len(struck)
            if line.startswith("epoch ") and gone_on and len(struck) < len(faults):
                strike(yarn.Ended(0, said).application)
        code = process.wait(yarn.LIMIT_SECONDS)
    assert code == 0, said
    assert len(struck) == len(faults)
    result = json.loads(storage.read(f"{folder}/out/lost/result.json"))
    lines = storage.read(f"{folder}/out/lost/metrics/{result['run']}.jsonl").splitlines()
    for fault in faults:
        fault.events = [json.loads(line) for line in lines]
        fault.ended = f"status {code}, {result['restarts']} restarts"
        assert fault.detection is not None
        assert fault.detection < LOSS_SECONDS
        assert fault.recovery is not None
    assert result["restarts"] == len(faults)
    assert result["rows"]["trained"] == [result["rows"]["train"]] * EPOCHS
    assert yarn.models(f"{folder}/out/lost") == ["1"]

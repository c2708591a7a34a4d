"""On YARN: a container is killed, a node dies, and another loses its manager; the workers go on on what is left."""

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
from local_hadoop.daemons import wait_until
from local_hadoop.local import LocalHadoop, down, status, up
from tests.faults.conftest import Fault
from tests.yarn import test_train_on_yarn as yarn

pytestmark = [pytest.mark.faults, pytest.mark.yarn]

EPOCHS = 20
LOSS_SECONDS = 120.0
"""How long it may take until the others miss a node that says nothing more."""
ENDED_SECONDS = 30.0
"""How long an executor may outlive its driver where no manager ends it."""


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


def lose_manager(hadoop: LocalHadoop, application: str) -> list[list[psutil.Process]]:
    """Kills a NodeManager on whose node there is an executor and no driver; returns the executors there."""

    def port(container: list[psutil.Process]) -> str:
        return container[0].environ()["NM_PORT"]

    drivers, *executors = containers(application).values()
    lost = next(port(executor) for executor in executors if port(executor) != port(drivers))
    for node in range(hadoop.nodes):
        site = (hadoop.folder / "conf" / f"node-{node}" / "yarn-site.xml").read_text(encoding="utf-8")
        if re.search(rf"yarn\.nodemanager\.address</name>\s*<value>[^<]*:{lost}<", site):
            manager = next(d.pid for d in status(hadoop.folder).daemons if d.name == f"node-manager-{node}")
            os.kill(manager, 9)
    return [executor for executor in executors if port(executor) == lost]


def lose_node(hadoop: LocalHadoop, application: str) -> None:
    """Kills a NodeManager and all that runs on its node."""
    for executor in lose_manager(hadoop, application):
        kill(executor)


def test_a_container_and_a_node_cost_the_steps_since_the_last_checkpoint_and_a_manager_alone_nothing(
    hadoop: LocalHadoop, folder: str, train_on_yarn: yarn.Command, named: Callable[[str], Fault]
) -> None:
    losses = {"container": lose_container, "node": lose_node, "NodeManager alone": lose_manager}
    faults = [named(f"SIGKILL of a {what}") for what in losses]
    struck: list[Fault] = []

    def strike(application: str) -> None:
        lose = list(losses.values())[len(struck)]
        struck.append(faults[len(struck)])
        struck[-1].injected = time.time()
        lose(hadoop, application)

    settings = (f"train.epochs={EPOCHS}", f"train.patience={EPOCHS}", "train.batch_size=32")
    changes = [part for setting in (*settings, "train.checkpoint_seconds=0.1") for part in ("--set", setting)]
    train = train_on_yarn("out/lost", *changes, more=yarn.ON_TWO_NODES)
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
    application = yarn.Ended(code, said).application
    assert wait_until(lambda: not containers(application), ENDED_SECONDS), containers(application)
    assert len(struck) == len(faults)
    result = json.loads(storage.read(f"{folder}/out/lost/result.json"))
    lines = storage.read(f"{folder}/out/lost/metrics/{result['run']}.jsonl").splitlines()
    *costly, free = faults
    for fault in faults:
        fault.events = [json.loads(line) for line in lines]
        fault.ended = f"status {code}, {result['restarts']} restarts"
    for fault in costly:
        assert fault.detection is not None
        assert fault.detection < LOSS_SECONDS
        assert fault.recovery is not None
    assert free.detection is None  # the run has ended before YARN misses the node
    assert result["restarts"] == len(costly)
    assert result["rows"]["trained"] == [result["rows"]["train"]] * EPOCHS
    assert yarn.models(f"{folder}/out/lost") == ["1"]

"""On YARN: containers are preempted, and an application is killed by somebody else."""

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import storage
from cluster.yarn.client import kill
from local_hadoop.local import LocalHadoop, down, up
from tests.faults.conftest import Fault
from tests.yarn import test_train_on_yarn as yarn
from tests.yarn.test_local_hadoop import submit

pytestmark = [pytest.mark.faults, pytest.mark.yarn]

EPOCHS = 20
URGENT_MB = 6144
"""More than is free on all nodes together, and no more than the queue's share."""


@pytest.fixture(scope="module")
def hadoop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalHadoop]:
    """Two nodes, half of which belong to another queue when it asks for them."""
    running = up(tmp_path_factory.mktemp("preempted") / "up", nodes=2, preemption=True)
    yield running
    down(running.folder)


def train(train_on_yarn: yarn.Command, out: str, see: Callable[[str, str], None], *options: str) -> yarn.Ended:
    """Trains to the end; `see` gets the application and each line that it says."""
    settings = (f"train.epochs={EPOCHS}", f"train.patience={EPOCHS}", "train.batch_size=32")
    changes = [part for setting in (*settings, "train.checkpoint_seconds=0.1") for part in ("--set", setting)]
    started = train_on_yarn(out, *changes, *options, more=yarn.ON_TWO_NODES)
    with subprocess.Popen(started, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, encoding="utf-8") as process:
        assert process.stderr is not None
        said = ""
        for line in process.stderr:
            said += line
            if line.startswith(("epoch ", "starting all workers again")):
                see(yarn.Ended(0, said).application, line)
        return yarn.Ended(process.wait(yarn.LIMIT_SECONDS), said)


def events(folder: str, out: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A run's result, and the lines of its metrics."""
    result = json.loads(storage.read(f"{folder}/{out}/result.json"))
    lines = storage.read(f"{folder}/{out}/metrics/{result['run']}.jsonl").splitlines()
    return result, [json.loads(line) for line in lines]


def test_a_preempted_container_costs_the_steps_since_the_last_checkpoint(
    hadoop: LocalHadoop, folder: str, train_on_yarn: yarn.Command, named: Callable[[str], Fault]
) -> None:
    fault = named("preempted container (exit status -102)")
    urgent: list[str] = []

    def see(_: str, line: str) -> None:
        if line.startswith("epoch 1:") and not urgent:
            fault.injected = time.time()
            urgent.append(submit(hadoop, "sleep 600", URGENT_MB, "urgent"))
        if line.startswith("starting"):
            kill(urgent[0])  # what it took is free again

    done = train(train_on_yarn, "out/preempted", see)
    assert done.status == 0, done.terminal
    assert "was preempted" in done.terminal
    result, fault.events = events(folder, "out/preempted")
    fault.ended = f"status {done.status}, {result['restarts']} restarts"
    assert fault.recovery is not None
    assert result["restarts"] == 1
    assert result["rows"]["trained"] == [result["rows"]["train"]] * EPOCHS
    assert yarn.models(f"{folder}/out/preempted") == ["1"]


def test_an_application_that_is_killed_by_another_goes_on_when_it_is_resumed(
    folder: str, train_on_yarn: yarn.Command, named: Callable[[str], Fault]
) -> None:
    fault = named("yarn application -kill")

    def see(application: str, line: str) -> None:
        if line.startswith("epoch 1:"):
            fault.injected = time.time()
            kill(application)

    killed = train(train_on_yarn, "out/killed", see)
    assert killed.status == 1, killed.terminal
    assert f"{killed.application} KILLED" in killed.terminal
    assert yarn.models(f"{folder}/out/killed") == []

    done = train(train_on_yarn, "out/killed", lambda *_: None, "--resume")
    assert done.status == 0, done.terminal
    assert "going on from the checkpoint of epoch" in done.terminal
    result, fault.events = events(folder, "out/killed")
    fault.ended = f"status {killed.status}, then {done.status}, resumed"
    assert result["rows"]["trained"] == [result["rows"]["train"]] * EPOCHS
    assert yarn.models(f"{folder}/out/killed") == ["1"]

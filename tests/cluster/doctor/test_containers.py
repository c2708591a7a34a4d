"""What is found of a YARN that is made up; a real one is in tests/yarn."""

from dataclasses import replace

import pytest

from cluster.doctor import containers
from cluster.doctor.capacity import Capacity, Node, Queue
from run.profile import Profile
from run.resources import ResourceRequest, Resources

WHOLE = Resources(8192, 4, 1)
NODE = Node(host="a", labels=frozenset(), whole=WHOLE, free=WHOLE)
QUEUE = Queue(state="RUNNING", used=0.25, free=Resources(16384, 8))
CAPACITY = Capacity(queue=QUEUE, queues=("default", "nlp"), largest=WHOLE, nodes=(NODE, NODE), counts_gpus=True)
REQUEST = ResourceRequest(
    executors=2, cores=1, slots=1, heap_mb=2048, overhead_mb=2048, gpus=1, driver=Resources(2048, 1)
)


def found(wanted: ResourceRequest = REQUEST, capacity: Capacity = CAPACITY, label: str | None = None) -> dict[str, str]:
    profile = Profile(master="yarn", node_label=label)
    return {finding.what: finding.verdict for finding in containers.findings(profile, "nlp", wanted, capacity)}


def test_all_is_there() -> None:
    assert found() == dict.fromkeys(("queue", "nodes", "GPUs", "executor", "driver", "room"), "ok")
    assert "GPUs" not in found(replace(REQUEST, gpus=0))


def test_queues_are_named_where_there_is_none_of_that_name() -> None:
    (finding,) = containers.queue("other", replace(CAPACITY, queue=None))
    assert finding.verdict == "failed"
    assert finding.remedy == "Set queue in the profile to one of default, nlp."
    assert found(capacity=replace(CAPACITY, queue=replace(QUEUE, state="STOPPED")))["queue"] == "failed"


def test_nodes_with_the_label_count() -> None:
    labelled = replace(NODE, labels=frozenset({"gpu"}))
    capacity = replace(CAPACITY, nodes=(NODE, labelled))
    assert found(capacity=capacity, label="cpu") == {"queue": "ok", "nodes": "failed"}
    (finding,) = containers.nodes(Profile(master="yarn", node_label="cpu"), capacity)
    assert finding.remedy == "Set node_label in the profile to a label of running nodes: gpu."
    assert found(capacity=capacity, label="gpu")["GPUs"] == "failed"
    assert found(replace(REQUEST, executors=1), capacity, "gpu")["room"] == "ok"
    assert found(capacity=replace(CAPACITY, nodes=()))["nodes"] == "failed"


@pytest.mark.parametrize(
    ("wanted", "capacity"),
    [
        (replace(REQUEST, executors=3), CAPACITY),
        (replace(REQUEST, executors=1, gpus=2), CAPACITY),  # two there, but not on one node
        (REQUEST, replace(CAPACITY, counts_gpus=False)),
    ],
)
def test_gpus_that_are_missing_are_told_once(wanted: ResourceRequest, capacity: Capacity) -> None:
    verdicts = found(wanted, capacity)
    assert [what for what, verdict in verdicts.items() if verdict == "failed"] == ["GPUs"]
    assert verdicts["executor"] == "ok"


@pytest.mark.parametrize(
    ("wanted", "failed"),
    [
        (replace(REQUEST, heap_mb=8192), "executor"),
        (replace(REQUEST, cores=5), "executor"),
        (replace(REQUEST, driver=Resources(9000, 1)), "driver"),
        (replace(REQUEST, gpus=0, executors=4), "room"),  # the driver takes one's place
    ],
)
def test_what_can_never_start(wanted: ResourceRequest, failed: str) -> None:
    verdicts = found(wanted)
    assert [what for what, verdict in verdicts.items() if verdict == "failed"] == [failed]


def test_the_largest_container_may_be_smaller_than_a_node_and_larger_than_one() -> None:
    small, large = Resources(4095, 4, 1), Resources(16384, 16, 4)
    assert found(capacity=replace(CAPACITY, largest=small))["executor"] == "failed"
    findings = containers.findings(
        Profile(master="yarn"), "nlp", replace(REQUEST, cores=5), replace(CAPACITY, largest=large)
    )
    (finding,) = (finding for finding in findings if finding.what == "executor")
    assert "no node for it is as large" in finding.found


@pytest.mark.parametrize(
    ("capacity", "verdict"),
    [
        (replace(CAPACITY, nodes=(NODE, replace(NODE, free=Resources(8192, 4, 0)))), "warning"),
        (replace(CAPACITY, nodes=(NODE, replace(NODE, free=Resources(4096, 1, 1)))), "ok"),
        (replace(CAPACITY, nodes=(NODE, replace(NODE, free=Resources(4095, 4, 1)))), "warning"),
        (replace(CAPACITY, nodes=(replace(NODE, free=Resources(4096, 1, 1)),) * 2), "warning"),  # none for the driver
        (replace(CAPACITY, nodes=(replace(NODE, free=Resources(100, 1, 1)),) * 2), "warning"),
        (replace(CAPACITY, queue=replace(QUEUE, free=Resources(8192, 8))), "warning"),
        (replace(CAPACITY, queue=replace(QUEUE, free=None)), "ok"),
    ],
)
def test_room_now(capacity: Capacity, verdict: str) -> None:
    assert found(capacity=capacity)["room"] == verdict


def test_a_driver_finds_its_place_where_executors_may_not_run() -> None:
    labelled = replace(NODE, labels=frozenset({"gpu"}))
    whole = replace(REQUEST, executors=1, heap_mb=6144)
    assert found(whole, replace(CAPACITY, nodes=(NODE, labelled)), "gpu")["room"] == "ok"
    assert found(whole, replace(CAPACITY, nodes=(labelled,)), "gpu")["room"] == "failed"


def test_without_a_place_for_the_driver_there_is_none_for_executors() -> None:
    small = replace(NODE, free=Resources(2048, 4, 1))
    wanted = replace(REQUEST, heap_mb=1024, overhead_mb=1024, driver=Resources(4096, 1))
    assert found(wanted, replace(CAPACITY, nodes=(small, small)))["room"] == "warning"


def test_in_client_mode_the_master_is_no_driver() -> None:
    findings = containers.findings(Profile(master="yarn", deploy_mode="client"), "nlp", REQUEST, CAPACITY)
    assert "application master" in [finding.what for finding in findings]

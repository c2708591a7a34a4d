"""What a launch asks for."""

import pytest

from run.errors import SettingsError
from run.resources import ResourceRequest, Resources, for_workers

ON_YARN = {
    "spark.master": "yarn",
    "spark.submit.deployMode": "cluster",
    "spark.executor.instances": "3",
    "spark.executor.cores": "4",
    "spark.task.cpus": "4",
    "spark.executor.memory": "2g",
    "spark.executor.memoryOverhead": "3072",
    "spark.executor.resource.gpu.amount": "2",
    "spark.driver.memory": "1024m",
    "spark.driver.memoryOverhead": "512MB",
}


def test_on_yarn() -> None:
    found = ResourceRequest.of(ON_YARN)
    assert found == ResourceRequest(
        executors=3, cores=4, slots=1, heap_mb=2048, overhead_mb=3072, gpus=2, driver=Resources(1536, 1)
    )
    assert found.executor == Resources(5120, 4, 2)
    assert ResourceRequest.of({**ON_YARN, "spark.task.cpus": "1", "spark.driver.cores": "2"}).slots == 4


def test_in_client_mode_yarn_holds_a_small_container() -> None:
    assert ResourceRequest.of({**ON_YARN, "spark.submit.deployMode": "client"}).driver == Resources(896, 1)


def test_here() -> None:
    here = {**ON_YARN, "spark.master": "local-cluster[2,4,2048]"}
    assert ResourceRequest.of(here) == ResourceRequest(
        executors=2, cores=4, slots=1, heap_mb=2048, driver=Resources(1024, 1)
    )


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("spark.executor.instances", "many", "is a whole number. Received: 'many'"),
        ("spark.executor.memory", "1.5g", "is memory as in 1024m or 2g. Received: '1.5g'"),
    ],
)
def test_what_is_no_number_is_refused(key: str, value: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        ResourceRequest.of({**ON_YARN, key: value})


def test_one_worker_for_each_executor() -> None:
    assert for_workers({"spark.master": "local-cluster[3, 2, 1024]", "spark.task.cpus": "2"}).executors == 3
    on_yarn = {"spark.executor.instances": "4", "spark.executor.cores": "8", "spark.task.cpus": "8"}
    assert for_workers({"spark.master": "yarn", **on_yarn}).cores == 8


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({"spark.master": "local[2]"}, r"process of its own. Received: master 'local\[2\]'"),
        ({"spark.master": "yarn", "spark.executor.cores": "1"}, "Set spark.executor.instances"),
        ({"spark.master": "local-cluster[2,4,1024]"}, "one task slot.* Received: 4.*Set spark.task.cpus=4"),
    ],
)
def test_what_workers_cannot_run_on_is_refused(properties: dict[str, str], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        for_workers(properties)


def test_how_often_one_fits_in_another() -> None:
    node = Resources(8192, 4, 1)
    assert node.times(Resources(2048, 1)) == 4
    assert node.times(Resources(2048, 2)) == 2
    assert node.times(Resources(2048, 2, 1)) == 1
    assert (node - Resources(8000, 5)).times(Resources(100, 1)) == 0
    assert str(node) == "8,192 MiB, 4 cores, 1 GPU"

"""What is found in a launch's properties."""

import socket
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from cluster.doctor import properties as checks
from cluster.doctor.finding import Finding
from run.profile import Profile
from run.resources import ResourceRequest, Resources

REQUEST = ResourceRequest(executors=2, cores=2, slots=1, heap_mb=1024, overhead_mb=1536, driver=Resources(1024, 1))
PROPERTIES = {"spark.dynamicAllocation.enabled": "false", "spark.task.cpus": "2"}
CLIENT = {"spark.submit.deployMode": "client"}


def verdicts(findings: Sequence[Finding]) -> dict[str, str]:
    return {finding.what: finding.verdict for finding in findings}


def executors(properties: dict[str, str] | None = None, request: ResourceRequest = REQUEST) -> dict[str, str]:
    return verdicts([*checks.executors(Profile(), {**PROPERTIES, **(properties or {})}, request)])


def test_one_worker_on_each_of_a_fixed_number_of_executors() -> None:
    assert executors() == {"dynamic allocation": "ok", "task slots": "ok", "executors": "ok"}
    assert executors({"spark.dynamicAllocation.enabled": "TRUE"})["dynamic allocation"] == "failed"
    assert executors(request=replace(REQUEST, slots=2))["task slots"] == "failed"
    assert executors(request=replace(REQUEST, slots=0))["task slots"] == "failed"
    assert executors(request=replace(REQUEST, executors=3))["executors"] == "warning"
    assert executors(request=replace(REQUEST, executors=0))["executors"] == "failed"


@pytest.mark.parametrize(
    ("master", "failures"),
    [("local-cluster[2,2,1024]", 0), ("local-cluster[2,1,1024]", 1), ("local-cluster[2,2,512]", 1)],
)
def test_spark_here_has_room_for_what_executors_ask_for(master: str, failures: int) -> None:
    assert [f.verdict for f in checks.in_local_cluster({"spark.master": master}, REQUEST)] == ["failed"] * failures


def test_memory_overhead() -> None:
    assert verdicts([*checks.memory_overhead(REQUEST)]) == {"memory overhead": "ok"}
    assert verdicts([*checks.memory_overhead(replace(REQUEST, overhead_mb=1535))]) == {"memory overhead": "warning"}


def test_protection() -> None:
    assert verdicts([*checks.protection({})]) == {"authentication": "warning", "encryption": "warning"}
    on = {"spark.authenticate": "true", "spark.network.crypto.enabled": "true"}
    assert verdicts([*checks.protection(on)]) == {"authentication": "ok", "encryption": "ok"}


def discovery(script: str, files: str) -> str:
    properties = {"spark.executor.resource.gpu.discoveryScript": script, "spark.yarn.dist.files": files}
    (finding,) = checks.discovery(properties)
    return finding.verdict


def test_the_discovery_script_travels_along(tmp_path: Path) -> None:
    script = tmp_path / "my scripts" / "find.sh"
    run_file = "file:///run.toml#run.toml"
    assert discovery("./find.sh", f"{run_file},{script.as_uri()}") == "failed"
    script.parent.mkdir()
    script.touch()
    assert discovery("./find.sh", f"{run_file},{script.as_uri()}") == "ok"
    assert discovery("./gpus.sh", f"{script.as_uri()}#gpus.sh") == "ok"
    assert discovery("./find.sh", "hdfs:///scripts/find.sh") == "ok"
    assert discovery("./find.sh", run_file) == "failed"
    assert discovery("/opt/find.sh", "") == "note"


@pytest.fixture
def addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names with addresses, and no variable that says another one."""
    known = {"here": "127.0.1.1", "gateway": "10.0.0.1", "node": "10.0.0.2", "localhost": "127.0.0.1"}

    def address(name: str) -> str:
        if name not in known:
            raise socket.gaierror(-2, "Name or service not known")
        return known[name]

    monkeypatch.setattr(socket, "gethostbyname", address)
    monkeypatch.setattr(socket, "gethostname", lambda: "here")
    for variable in checks.ADDRESSES:
        monkeypatch.delenv(variable, raising=False)


@pytest.mark.usefixtures("addresses")
@pytest.mark.parametrize(
    ("host", "nodes", "verdict"),
    [
        ("gateway", ["node"], "ok"),
        ("localhost", ["node"], "failed"),
        ("localhost", ["localhost", "here"], "ok"),
        ("localhost", ["localhost", "node"], "failed"),
        ("localhost", ["unknown"], "failed"),
        ("localhost", [], "failed"),
        ("unknown", ["node"], "failed"),
        (None, ["node"], "warning"),
        (None, ["localhost"], "ok"),
    ],
)
def test_nodes_reach_a_driver_here(host: str | None, nodes: list[str], verdict: str) -> None:
    properties = {**CLIENT, **({"spark.driver.host": host} if host else {})}
    assert verdicts([*checks.ports(properties, nodes)])["driver's address"] == verdict


@pytest.mark.usefixtures("addresses")
def test_a_variable_may_say_this_machines_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARK_LOCAL_IP", "gateway")
    assert verdicts([*checks.ports(CLIENT, ["node"])])["driver's address"] == "ok"


def test_ports_are_told_and_a_driver_in_a_container_is_reached() -> None:
    found = [*checks.ports({"spark.submit.deployMode": "cluster"}, [])]
    assert verdicts(found) == {"ports": "note", "Java of the nodes": "note"}
    first, last = checks.LOCAL_PORTS.read_text(encoding="utf-8").split()
    assert f"{first}-{last}" in found[0].found

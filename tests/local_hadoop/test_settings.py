"""Hadoop's configuration files: what they say, and that daemons do not meet on a port or in a folder."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest

from local_hadoop.ports import FREE_PORTS, choose_ports
from local_hadoop.settings import SUPERUSER, Settings, node_files, shared_files, to_xml, write_configuration

FOLDER = Path("/somewhere/hadoop")
NODES = 2


@pytest.fixture(name="settings", params=[0, 2], ids=["without-gpus", "with-gpus"])
def make_settings(request: pytest.FixtureRequest) -> Settings:
    return Settings(folder=FOLDER, user="me", ports=choose_ports(FREE_PORTS, NODES), gpus=request.param, gpu_nodes=1)


def properties(text: str) -> dict[str, str]:
    entries = ElementTree.fromstring(text).iter("property")
    return {entry.findtext("name", ""): entry.findtext("value", "") for entry in entries}


def all_properties(files: dict[str, str]) -> dict[str, str]:
    return {
        name: value for file, text in files.items() if file.endswith(".xml") for name, value in properties(text).items()
    }


def addresses(found: dict[str, str]) -> Iterator[tuple[str, int]]:
    """What a daemon listens on, by the name of the property."""
    for name, value in found.items():
        if name.endswith("address") or name == "fs.defaultFS":
            address = urlsplit(value if "//" in value else f"//{value}")
            yield str(address.hostname), int(address.port or 0)


def test_every_address_is_on_this_machine_alone(settings: Settings) -> None:
    for node in range(NODES):
        hosts = {host for host, _ in addresses(all_properties(node_files(settings, node)))}
        assert hosts == {"127.0.0.1"}


def test_no_two_daemons_share_a_port(settings: Settings) -> None:
    shared = all_properties(shared_files(settings))
    del shared["fs.defaultFS"]  # the NameNode's, which has its own property
    ports = [port for _, port in addresses(shared)]
    for node in range(NODES):
        own = all_properties(node_files(settings, node)).items() - all_properties(shared_files(settings)).items()
        ports += [port for _, port in addresses(dict(own))]
    assert len(set(ports)) == len(ports) == 10 + NODES * 3


def test_no_two_nodes_share_a_folder(settings: Settings) -> None:
    first, second = (
        {value for name, value in all_properties(node_files(settings, node)).items() if name.endswith("-dirs")}
        for node in range(NODES)
    )
    assert len(first) == 2
    assert not first & second


def test_everything_is_written_below_the_folder(settings: Settings) -> None:
    for name, value in all_properties(node_files(settings, 0)).items():
        if name.endswith(("dirs", "root-dir", "tmp.dir", "data.dir", "name.dir")):
            assert value.removeprefix("file://").startswith(f"{FOLDER}/"), name


def test_only_nodes_with_gpus_say_so(settings: Settings) -> None:
    first, second = node_files(settings, 0), node_files(settings, 1)
    assert "node-resources.xml" not in second
    if settings.gpus:
        assert properties(second["resource-types.xml"]) == {"yarn.resource-types": "yarn.io/gpu"}
        assert properties(first["node-resources.xml"]) == {"yarn.nodemanager.resource-type.yarn.io/gpu": "2"}
    else:
        assert not {"resource-types.xml", "node-resources.xml"} & first.keys()


def test_only_a_yarn_for_mapreduce_has_its_shuffle_on_a_port_for_each_node(settings: Settings) -> None:
    names = {"yarn.nodemanager.aux-services", "mapreduce.shuffle.port"}
    assert not names & all_properties(node_files(settings, 0)).keys()
    assert "mapred-site.xml" not in shared_files(settings)
    with_it = replace(settings, mapreduce_jars=Path("/jars"))
    shuffles = [all_properties(node_files(with_it, node)) for node in range(NODES)]
    assert all("mapreduce.shuffle.port" in properties(node_files(with_it, n)["mapred-site.xml"]) for n in range(NODES))
    assert {node["yarn.nodemanager.aux-services"] for node in shuffles} == {"mapreduce_shuffle"}
    assert len({node["mapreduce.shuffle.port"] for node in shuffles}) == NODES
    client = properties(shared_files(with_it)["mapred-site.xml"])
    assert client["mapreduce.framework.name"] == "yarn"
    assert client["mapreduce.application.classpath"] == "/jars/*"
    assert not names & all_properties(shared_files(with_it)).keys()


def test_the_scheduler_counts_more_than_memory(settings: Settings) -> None:
    scheduler = properties(shared_files(settings)["capacity-scheduler.xml"])
    assert scheduler["yarn.scheduler.capacity.resource-calculator"].endswith(".DominantResourceCalculator")


def test_a_second_queue_takes_its_half_back(settings: Settings) -> None:
    one, two = (all_properties(shared_files(replace(settings, preemption=it))) for it in (False, True))
    assert one["yarn.scheduler.capacity.root.queues"] == "default"
    assert two["yarn.scheduler.capacity.root.queues"] == "default,urgent"
    shares = [two[f"yarn.scheduler.capacity.root.{queue}.capacity"] for queue in ("default", "urgent")]
    assert shares == ["50", "50"]
    monitor = "yarn.resourcemanager.scheduler.monitor.enable"
    assert (one.get(monitor), two[monitor]) == (None, "true")


def test_permissions_hold_for_who_starts_hadoop(settings: Settings) -> None:
    shared = all_properties(shared_files(settings))
    assert shared["dfs.permissions.enabled"] == "true"
    assert shared["hadoop.http.staticuser.user"] == "me" != SUPERUSER


def test_a_container_may_fill_a_node_and_no_more(settings: Settings) -> None:
    node = all_properties(node_files(settings, 0))
    assert node["yarn.nodemanager.resource.memory-mb"] == node["yarn.scheduler.maximum-allocation-mb"] == "8192"
    assert node["yarn.nodemanager.resource.cpu-vcores"] == node["yarn.scheduler.maximum-allocation-vcores"] == "4"


def test_clients_are_not_told_of_a_node(settings: Settings) -> None:
    shared = all_properties(shared_files(settings))
    assert not [name for name in shared if name.startswith("yarn.nodemanager.") and name.endswith("address")]
    assert not [name for name in shared if name.endswith("-dirs")]


def test_values_are_escaped() -> None:
    assert properties(to_xml({"a": "<&>", "b": 1})) == {"a": "<&>", "b": "1"}


def test_each_daemon_finds_its_files(tmp_path: Path) -> None:
    settings = Settings(folder=tmp_path, user="me", ports=choose_ports(FREE_PORTS, NODES))
    write_configuration(settings)
    assert (settings.conf_dir / "core-site.xml").read_text(encoding="utf-8") == shared_files(settings)["core-site.xml"]
    assert (settings.node_conf_dir(1) / "yarn-site.xml").read_text(encoding="utf-8") == node_files(settings, 1)[
        "yarn-site.xml"
    ]

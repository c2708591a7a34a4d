"""What is replaced in TensorFlowOnSpark is there to be replaced; if this fails, read spark_driver/tfos.py."""

import inspect
from importlib.metadata import version
from typing import Any

import pytest

from spark_driver import tfos


def module(name: str) -> Any:
    """A module of TensorFlowOnSpark as our file has imported it."""
    return vars(tfos)[name]


def test_it_is_the_version_that_was_read() -> None:
    assert version("tensorflowonspark") == "2.2.5"


@pytest.mark.parametrize("used", ["reservation.Client(", "gpu_info.is_gpu_available()"])
def test_its_node_takes_its_rendezvous_and_its_gpus_from_names_of_its_module(used: str) -> None:
    assert used in inspect.getsource(module("TFSparkNode"))


@pytest.mark.parametrize("method", ["get_reservations", "register", "await_reservations", "close"])
def test_its_node_asks_its_rendezvous_for_what_ours_answers(method: str) -> None:
    assert f"client.{method}(" in inspect.getsource(module("TFSparkNode"))
    assert callable(getattr(tfos._Meeting, method))


def test_its_node_is_started_as_we_start_it() -> None:
    parameters = list(inspect.signature(module("TFSparkNode").run).parameters)
    assert parameters == ["fn", "tf_args", "cluster_meta", "tensorboard", "log_dir", "queues", "background"]


@pytest.mark.parametrize("key", ["id", "cluster_template", "default_fs", "working_dir", "server_addr"])
def test_its_node_reads_what_we_tell_of_the_cluster(key: str) -> None:
    assert f"cluster_meta['{key}']" in inspect.getsource(module("TFSparkNode"))


def test_a_task_finds_its_node_and_its_queues() -> None:
    assert list(inspect.signature(module("TFManager").connect).parameters) == ["address", "authkey"]
    assert callable(module("util").read_executor_id)

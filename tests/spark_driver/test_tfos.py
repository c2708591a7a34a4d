"""What is replaced in TensorFlowOnSpark is there to be replaced; if this fails, read spark_driver/tfos.py."""

import inspect
import socket
import subprocess
import sys
from importlib.metadata import version
from typing import Any

import pytest

from spark_driver import tfos

LIMIT_SECONDS = 120


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


def test_a_port_stays_reserved_for_the_worker_if_it_is_told_so() -> None:
    source = inspect.getsource(module("TFSparkNode").run)
    assert "tmp_sock if not cluster_meta.get('release_port', True) else None" in source
    assert "SO_REUSEADDR" in source


BINDS = """
import socket
import sys
import tensorflow as tf

tf.distribute.Server({"local": [f"127.0.0.1:{sys.argv[1]}"]})
with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as connection:
    connection.sendall(b"PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]))
    assert connection.recv(1)
"""


@pytest.mark.integration
def test_tensorflow_serves_at_a_port_that_is_still_reserved_and_nobody_else_gets() -> None:
    with socket.socket() as reserved, socket.socket() as stranger:
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as TensorFlowOnSpark does
        reserved.bind(("", 0))
        port = reserved.getsockname()[1]
        with pytest.raises(OSError, match="Address already in use"):
            stranger.bind(("", port))
        subprocess.run([sys.executable, "-c", BINDS, str(port)], check=True, timeout=LIMIT_SECONDS)


def test_a_task_finds_its_node() -> None:
    assert callable(module("util").read_executor_id)


def test_a_node_tells_the_address_of_its_manager_before_it_starts_the_worker() -> None:
    source = inspect.getsource(module("TFSparkNode").run)
    assert source.index("'addr': addr") < source.index("client.register(") < source.index("multiprocessing.Process(")

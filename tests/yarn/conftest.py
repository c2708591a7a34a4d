"""One HDFS and one YARN for all tests that only use them."""

from collections.abc import Iterator

import pytest

from local_hadoop.local import LocalHadoop, down, up


@pytest.fixture(scope="session")
def hadoop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalHadoop]:
    """HDFS and two nodes, one of them with two GPUs, and MapReduce; not to be broken."""
    running = up(tmp_path_factory.mktemp("hadoop") / "up", nodes=2, gpus=2, gpu_nodes=1, mapreduce=True)
    yield running
    down(running.folder)

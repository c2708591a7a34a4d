"""HDFS that is silent; one that answers is in tests/yarn."""

import socket
import time
from pathlib import Path

import pytest

from cluster.doctor import hdfs
from run.profile import Profile
from storage import UnreachableError


def test_a_name_node_that_is_silent_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hdfs, "SECONDS", 0.2)
    monkeypatch.setenv("HADOOP_CONF_DIR", str(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"hdfs://127.0.0.1:{silent.getsockname()[1]}"
        (tmp_path / "core-site.xml").write_text(
            f"<configuration><property><name>fs.defaultFS</name><value>{address}</value></property></configuration>",
            encoding="utf-8",
        )
        begun = time.monotonic()
        with pytest.raises(UnreachableError, match="no answer in 0 s"):
            list(hdfs.findings(Profile(master="yarn")))
        assert time.monotonic() - begun < 3


@pytest.mark.parametrize(("content", "verdict"), [(hdfs.CONTENT, "ok"), (b"", "failed")])
def test_what_was_written_is_read(content: bytes, verdict: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hdfs, "_probe", lambda _: content)
    assert [finding.verdict for finding in hdfs.findings(Profile(master="yarn"))] == [verdict]

"""Folders on HDFS as a user names them."""

import pytest

from cluster.errors import LaunchError
from cluster.yarn.uris import on_hdfs


def test_folders_on_hdfs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HADOOP_USER_NAME", "me")
    assert on_hdfs("runs/a") == "hdfs:///user/me/runs/a"
    assert on_hdfs("/models/a") == "hdfs:///models/a"
    assert on_hdfs("hdfs://cluster/models/a/") == "hdfs://cluster/models/a"
    assert on_hdfs("runs/a", "you/host@REALM") == "hdfs:///user/you/runs/a"
    with pytest.raises(LaunchError, match="Received: 's3://bucket/a'"):
        on_hdfs("s3://bucket/a")

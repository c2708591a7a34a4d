"""URIs: which storage one names, and which path on it."""

from pathlib import Path

import pytest

import storage
from storage import StorageError


@pytest.mark.parametrize(
    ("uri", "name", "parent"),
    [
        ("runs", "runs/x", "."),
        ("/runs", "/runs/x", "/"),
        ("/a/runs/", "/a/runs/x", "/a"),
        ("file:///a/runs", "file:///a/runs/x", "/a"),
        ("hdfs://name:8020/a/runs", "hdfs://name:8020/a/runs/x", "hdfs://name:8020/a"),
        ("hdfs://service/runs", "hdfs://service/runs/x", "hdfs://service/"),
        ("hdfs:///runs", "hdfs:///runs/x", "hdfs:///"),
        ("hdfs:///", "hdfs:///x", "hdfs:///"),
    ],
)
def test_names_inside_a_folder_and_the_folder_around_it(uri: str, name: str, parent: str) -> None:
    assert storage.join(uri, "x") == name
    assert storage.parent(uri) == parent


@pytest.mark.parametrize(
    ("uri", "absolute"),
    [
        ("runs/x", "{here}/runs/x"),
        ("../x/", "{above}/x"),
        ("/a/b", "/a/b"),
        ("file:///a/b", "/a/b"),
        ("file:/a/b", "/a/b"),
        ("file://localhost/a/书 评%20?#", "/a/书 评%20?#"),
        ("12:30/x", "{here}/12:30/x"),
        ("hdfs://name:8020", "hdfs://name:8020/"),
        ("hdfs://name:8020/a//b/", "hdfs://name:8020/a/b"),
        ("hdfs:///a/../b", "hdfs:///b"),
        ("viewfs://mounts/a", "viewfs://mounts/a"),
    ],
)
def test_an_absolute_name_means_the_same_everywhere(
    uri: str, absolute: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert storage.absolute(uri) == absolute.format(here=tmp_path, above=tmp_path.parent)


@pytest.mark.parametrize("uri", ["s3://bucket/x", "hdfs:/host/x", "file://host/x", "file://", "HDFS://host/x"])
def test_a_uri_that_nobody_knows_is_an_error_that_names_the_known_ones(uri: str) -> None:
    with pytest.raises(StorageError, match=f"{uri} cannot be used: .*hdfs://host:port/path"):
        storage.absolute(uri)
    with pytest.raises(StorageError, match="cannot be used"):
        storage.read(uri)

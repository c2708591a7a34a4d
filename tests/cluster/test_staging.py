"""What the nodes need is named by its content; HDFS itself is in tests/yarn."""

import zipfile
from pathlib import Path

import pytest

from cluster import hdfs, staging
from cluster.errors import HdfsError, ProfileError
from cluster.profile import Profile
from cluster.staging import FileContent, ZipContent


def test_equal_files_make_equal_zips_and_names(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.jar").write_bytes(b"x" * 100)
    (tmp_path / "b" / "x.jar").touch()
    zips = [ZipContent("jars", {"x.jar": tmp_path / folder / "x.jar"}) for folder in ("a", "b")]
    contents = []
    for content in zips:
        with content.open() as file:
            contents.append(file.read())
    assert zips[0].name == zips[1].name
    assert contents[0] == contents[1]
    with zips[0].open() as file, zipfile.ZipFile(file) as archive:
        assert archive.read("x.jar") == b"x" * 100
        assert archive.getinfo("x.jar").compress_type == zipfile.ZIP_STORED


def test_other_content_has_another_name(tmp_path: Path) -> None:
    (tmp_path / "x.jar").write_bytes(b"1")
    before = FileContent(tmp_path / "x.jar").name, ZipContent("z", {"x.jar": tmp_path / "x.jar"}).name
    (tmp_path / "x.jar").write_bytes(b"2")
    after = FileContent(tmp_path / "x.jar").name, ZipContent("z", {"x.jar": tmp_path / "x.jar"}).name
    assert not set(before) & set(after)
    assert after[0].endswith("-x.jar")


def test_a_job_needs_jars_pyspark_and_our_packages(tmp_path: Path) -> None:
    (tmp_path / "jars").mkdir()
    (tmp_path / "jars" / "spark.jar").touch()
    (tmp_path / "python" / "lib").mkdir(parents=True)
    (tmp_path / "python" / "lib" / "pyspark.zip").touch()
    needed = staging.needed(Profile(master="yarn"), tmp_path)
    with needed.packages.open() as file, zipfile.ZipFile(file) as archive:
        names = archive.namelist()
    assert {"cluster/__init__.py", "spark_driver/train.py", "trainer/worker.py"} <= set(names)
    assert not [name for name in names if name.endswith(".pyc")]
    assert [content.name.partition("-")[2] for content in needed.contents()] == [
        "spark-jars.zip",
        "pyspark.zip",
        "textcnn.zip",
    ]


def test_a_missing_environment_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="textcnn pack"):
        staging.needed(Profile(master="yarn", environment=str(tmp_path / "none.tar.gz")), tmp_path)


def test_folders_on_hdfs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HADOOP_USER_NAME", "me")
    assert str(hdfs.folder("runs/a")) == "hdfs:///user/me/runs/a"
    assert str(hdfs.folder("/models/a")) == "hdfs:///models/a"
    assert str(hdfs.folder("hdfs://cluster/models/a/")) == "hdfs://cluster/models/a"
    assert str(hdfs.folder("runs/a", "you/host@REALM")) == "hdfs:///user/you/runs/a"
    assert hdfs.folder("hdfs://cluster/models/a").path == "/models/a"
    with pytest.raises(HdfsError, match="Received: 's3://bucket/a'"):
        hdfs.folder("s3://bucket/a")

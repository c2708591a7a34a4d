"""What the nodes need is named by its content; HDFS itself is in tests/yarn."""

import zipfile
from pathlib import Path

import pytest

from cluster.errors import LaunchError
from cluster.yarn import artifacts
from cluster.yarn.artifacts import FileArtifact, ZipArtifact
from run.profile import Profile


def test_equal_files_make_equal_zips_and_names(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.jar").write_bytes(b"x" * 100)
    (tmp_path / "b" / "x.jar").touch()
    zips = [ZipArtifact("jars", {"x.jar": tmp_path / folder / "x.jar"}) for folder in ("a", "b")]
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
    before = FileArtifact(tmp_path / "x.jar").name, ZipArtifact("z", {"x.jar": tmp_path / "x.jar"}).name
    (tmp_path / "x.jar").write_bytes(b"2")
    after = FileArtifact(tmp_path / "x.jar").name, ZipArtifact("z", {"x.jar": tmp_path / "x.jar"}).name
    assert not set(before) & set(after)
    assert after[0].endswith("-x.jar")


def test_a_job_needs_jars_pyspark_and_our_packages(tmp_path: Path) -> None:
    (tmp_path / "jars").mkdir()
    (tmp_path / "jars" / "spark.jar").touch()
    (tmp_path / "python" / "lib").mkdir(parents=True)
    (tmp_path / "python" / "lib" / "pyspark.zip").touch()
    needed = artifacts.of(Profile(master="yarn"), tmp_path)
    with needed.packages.open() as file, zipfile.ZipFile(file) as archive:
        names = archive.namelist()
    assert {
        "run/config.py",
        "storage/__init__.py",
        "text/blocks.py",
        "spark_driver/train.py",
        "trainer/worker.py",
    } <= set(names)
    assert not [name for name in names if name.endswith(".pyc")]
    assert [content.name.partition("-")[2] for content in needed] == [
        "spark-jars.zip",
        "pyspark.zip",
        "textcnn.zip",
    ]


def test_a_missing_environment_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(LaunchError, match="textcnn pack"):
        artifacts.of(Profile(master="yarn", environment=str(tmp_path / "none.tar.gz")), tmp_path)

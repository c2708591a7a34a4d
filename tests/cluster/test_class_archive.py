"""Spark's classes are mapped from the archive of this environment, which `make env` has made."""

import os
import subprocess
from pathlib import Path

import pytest

from cluster import class_archive
from cluster.spark_home import with_logs
from cluster.spark_submit import spark_home

MAPPED = "org.apache.spark.deploy.SparkSubmit source: shared objects file (top)"


@pytest.mark.skipif(not class_archive.ARCHIVE.exists(), reason="python -m cluster.class_archive has not been run")
def test_a_jvm_maps_the_classes_under_another_name_of_sparks_home(tmp_path: Path) -> None:
    options = " ".join((*class_archive.options(), f"-Xlog:class+load:file={tmp_path}/loaded"))
    with with_logs(spark_home(), tmp_path / "logs") as home:
        environment = os.environ | {"SPARK_HOME": str(home), "SPARK_SUBMIT_OPTS": options}
        subprocess.run([home / "bin" / "spark-submit", "--version"], env=environment, capture_output=True, check=True)
    assert MAPPED in (tmp_path / "loaded").read_text(encoding="utf-8")


def test_without_an_archive_a_jvm_is_told_of_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(class_archive, "ARCHIVE", tmp_path / "none.jsa")
    assert class_archive.options() == ()

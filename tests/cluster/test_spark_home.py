"""The Spark home of a run on this machine."""

from pathlib import Path

import pytest

from cluster.errors import LaunchError
from cluster.spark_home import with_logs
from cluster.spark_submit import spark_home


def test_the_home_of_this_environments_pyspark_is_given_without_its_archives_of_python(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("SPARK_HOME", raising=False)
    with with_logs(spark_home(), tmp_path / "logs") as home:
        assert {part.name for part in spark_home().iterdir()} - {part.name for part in home.iterdir()} <= {"python"}
        assert not (home / "python").exists()
        assert (home / "work").resolve() == tmp_path / "logs"


def test_another_home_keeps_its_python_which_no_environment_may_have(tmp_path: Path) -> None:
    (tmp_path / "spark" / "python").mkdir(parents=True)
    (tmp_path / "spark" / "work").mkdir()
    with with_logs(tmp_path / "spark", tmp_path / "logs") as home:
        assert sorted(part.name for part in home.iterdir()) == ["python", "work"]
        assert (home / "work").resolve() == tmp_path / "logs"


def test_logs_that_cannot_be_written_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file", encoding="utf-8")
    with pytest.raises(LaunchError, match="cannot be written"), with_logs(tmp_path, tmp_path / "out" / "logs"):
        pass

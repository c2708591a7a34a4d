"""The user's spark-submit arguments are read as spark-submit reads them."""

from pathlib import Path

import pytest

from cluster import spark_arguments


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], {}),
        (["--conf", "spark.a=b=c", "-c", "spark.d="], {"spark.a": "b=c", "spark.d": ""}),
        (["--conf=spark.a=b"], {"spark.a": "b"}),
        (["--conf", "spark.a=1", "--conf", "spark.a=2"], {"spark.a": "2"}),
        (["--executor-memory", "3g", "--conf", "spark.executor.memory=2g"], {"spark.executor.memory": "3g"}),
        (["--verbose", "--queue", "nlp"], {"spark.yarn.queue": "nlp"}),
        (["--jars", "--queue", "--num-executors=3"], {"spark.executor.instances": "3"}),
        (["--queue"], {"spark.yarn.queue": ""}),
    ],
)
def test_properties_of_arguments(arguments: list[str], expected: dict[str, str]) -> None:
    assert spark_arguments.properties(arguments, on_yarn=True) == expected


def test_away_from_yarn_spark_passes_over_arguments_that_are_for_yarn() -> None:
    arguments = ["--executor-memory", "3g", "--driver-memory", "4g", "--conf", "spark.executor.memory=2g"]
    assert spark_arguments.properties(arguments, on_yarn=False) == {
        "spark.driver.memory": "4g",
        "spark.executor.memory": "2g",
    }


def test_defaults_are_in_sparks_configuration_or_in_a_file_named(tmp_path: Path) -> None:
    assert spark_arguments.defaults([], tmp_path) == {}
    text = "# authenticate\n\nspark.a   true\nspark.b = c d\nspark.e:f=g\nspark.h\n"
    (tmp_path / "spark-defaults.conf").write_text(text, encoding="utf-8")
    (tmp_path / "mine.conf").write_text("spark.a false", encoding="utf-8")
    assert spark_arguments.defaults([], tmp_path) == {
        "spark.a": "true",
        "spark.b": "c d",
        "spark.e": "f=g",
        "spark.h": "",
    }
    assert spark_arguments.defaults(["--properties-file", f"{tmp_path}/mine.conf"], tmp_path) == {"spark.a": "false"}

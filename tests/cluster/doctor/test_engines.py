"""What the engines beside Spark need, found or not; neither ends a launch that does without."""

from pathlib import Path

import pytest

from cluster.doctor import engines
from run.profile import Profile

SITE = """<configuration>
  <property><name>mapreduce.framework.name</name><value>{framework}</value></property>
</configuration>"""


def test_flinks_environment_is_named_where_it_is(tmp_path: Path) -> None:
    python = tmp_path / "python"
    (finding,) = engines.flink_environment(Profile(flink_python=str(python)))
    assert finding.verdict == "note"
    assert f"There is no {python}" in finding.found
    assert "make env-flink" in finding.found
    python.touch()
    (finding,) = engines.flink_environment(Profile(flink_python=str(python)))
    assert (finding.verdict, finding.found) == ("ok", str(python))


@pytest.mark.parametrize(("framework", "verdict"), [("yarn", "ok"), ("local", "note"), (None, "note")])
def test_mapreduce_runs_where_its_clients_are_configured_for_yarn(
    framework: str | None, verdict: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HADOOP_CONF_DIR", str(tmp_path))
    monkeypatch.delenv("HADOOP_STREAMING_JAR", raising=False)
    monkeypatch.delenv("HADOOP_HOME", raising=False)
    if framework:
        (tmp_path / "mapred-site.xml").write_text(SITE.format(framework=framework), encoding="utf-8")
    (finding,) = engines.mapreduce()
    assert finding.verdict == verdict
    assert str(framework) in finding.found or "fetched by Maven" in finding.found

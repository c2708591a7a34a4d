"""The command line: what is asked of it reaches the machine that does it, and what does not go together is refused."""

import subprocess
import sys
from pathlib import Path

import pytest

import textcnn

MODEL = "hdfs:///models/reviews"


def test_a_classification_on_yarn(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HADOOP_CONF_DIR", "/etc/hadoop/conf")
    monkeypatch.setenv("HADOOP_USER_NAME", "me")
    where = ["--input", "hdfs:///in", "--output", "out", "--profile", "yarn-cpu", "--dry-run"]
    what = ["--format", "tsv", "--text-column", "comment", "--columns", "id", "comment"]
    assert textcnn.main(["predict", "models/reviews", *where, *what, "--", "--conf", "spark.a=b"]) == 0
    command = capsys.readouterr().out
    assert "--conf spark.submit.deployMode=cluster" in command
    assert "--conf spark.a=b" in command
    assert command.endswith(
        "spark_driver/predict.py --out hdfs:///user/me/out --model hdfs:///user/me/models/reviews --input hdfs:///in "
        "--format tsv --text-column comment --columns id comment\n"
    )
    assert "run.toml" not in command


def test_a_stream(capsys: pytest.CaptureFixture[str]) -> None:
    assert textcnn.main(["predict", "m", "--input", "in", "--output", "out", "--stream", "--dry-run"]) == 0
    assert "spark_driver/stream.py --out out --model m --input in\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments", [[], ["--output", "out", "--text", "好"], ["file", "--output", "out"], ["--output", "out", "--json"]]
)
def test_what_does_not_go_with_an_input_on_spark(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert textcnn.main(["predict", "m", *arguments, "--input", "in"]) == 2
    assert "--input goes with --output, and without --text, FILE and --json." in capsys.readouterr().err


def test_arguments_for_spark_submit_where_there_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        textcnn.main(["predict", "m", "--text", "好", "--", "--conf", "a=b"])
    assert ended.value.code == 2
    assert "predict --input take arguments for spark-submit. Received after --: --conf a=b" in capsys.readouterr().err


def test_a_run_is_gone_on_with(capsys: pytest.CaptureFixture[str]) -> None:
    assert textcnn.main(["train", "examples/reviews.toml", "--out", "runs/reviews", "--resume", "--dry-run"]) == 0
    assert capsys.readouterr().out.endswith(" --out runs/reviews --resume\n")


def test_a_run_to_go_on_with_has_to_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert textcnn.main(["train", "examples/reviews.toml", "--resume", "--dry-run"]) == 2
    assert "Give its folder to --out." in capsys.readouterr().err


def test_a_corpus_on_yarn_lies_on_hdfs(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HADOOP_CONF_DIR", "/etc/hadoop/conf")
    monkeypatch.setenv("HADOOP_USER_NAME", "me")
    yarn = ["examples/reviews.toml", "--out", "run", "--profile", "yarn-cpu", "--dry-run"]
    assert textcnn.main(["prepare", *yarn, "--output", "corpora/reviews", "--", "--conf", "spark.a=b"]) == 0
    prepared = capsys.readouterr().out
    assert "--conf spark.a=b" in prepared
    assert "spark_driver/prepare.py --config " in prepared
    assert prepared.endswith(" --out hdfs:///user/me/run --output hdfs:///user/me/corpora/reviews\n")
    assert textcnn.main(["train", *yarn, "--prepared", "corpora/reviews"]) == 0
    assert capsys.readouterr().out.endswith(" --out hdfs:///user/me/run --prepared hdfs:///user/me/corpora/reviews\n")


def test_a_corpus_is_prepared_by_an_engine_that_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert textcnn.main(["prepare", "examples/reviews.toml", "--output", "corpus", "--out", "run", "--dry-run"]) == 0
    assert capsys.readouterr().out.endswith(" --out run --output corpus\n")
    with pytest.raises(SystemExit):
        textcnn.main(["prepare", "examples/reviews.toml", "--output", "corpus", "--engine", "pig"])


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--input", "no/such"], "There is no folder"),
        (["--input", "hdfs:///in"], "is not on this machine"),
        (["--input", ".", "--format", "text", "--time-column", "at"], "Lines of text have no time"),
    ],
)
def test_a_stream_of_flink_that_cannot_be(
    arguments: list[str], reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "profile.toml").write_text(f"flink_python = {sys.executable!r}", encoding="utf-8")
    profile = ["--profile", str(tmp_path / "profile.toml")]
    assert textcnn.main(["stream", "m", "--output", str(tmp_path / "out"), *profile, *arguments]) == 2
    assert reason in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("seconds", ["0", "-1", "1.5", "99999999"])
def test_a_window_is_whole_seconds(seconds: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        textcnn.main(["stream", "m", "--input", ".", "--output", "out", f"--window={seconds}"])
    assert f"a whole number of seconds from 1 to 8553600. Received: {seconds!r}" in capsys.readouterr().err


def test_it_starts_without_what_only_some_commands_need() -> None:
    heavy = "{'numpy', 'pyarrow', 'pyspark', 'tensorflow'}"
    program = f"import sys, textcnn; print(sorted({heavy} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", program], check=True, capture_output=True).stdout == b"[]\n"

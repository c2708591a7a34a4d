"""README keeps its word: its commands are there and take these arguments."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest

import textcnn

README = Path("README.md").read_text(encoding="utf-8")
COMMANDS = [
    shlex.split(line, comments=True)
    for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    for line in block.replace("\\\n", " ").splitlines()
]


def commands(program: str) -> list[list[str]]:
    found = [arguments for name, *arguments in COMMANDS if name == program]
    assert found, f"README has no {program}"
    return found


@pytest.mark.parametrize("arguments", commands("make"))
def test_a_make_target_is_there(arguments: list[str]) -> None:
    subprocess.run(["make", "--dry-run", *arguments], check=True, capture_output=True)


def is_launch(arguments: list[str]) -> bool:
    return arguments[0] == "train" or "--input" in arguments


@pytest.mark.parametrize("arguments", [a for a in commands(".venv/bin/textcnn") if is_launch(a)])
def test_a_run_could_be_launched(
    arguments: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HADOOP_CONF_DIR", "/etc/hadoop/conf")
    assert textcnn.main([*arguments, "--dry-run"]) == 0
    assert f"spark_driver/{arguments[0]}.py" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [a for a in commands(".venv/bin/textcnn") if not is_launch(a)])
def test_a_command_takes_its_arguments(arguments: list[str]) -> None:
    textcnn.parser().parse_args(arguments)


def test_plain_spark_submit_names_what_is_there() -> None:
    for arguments in commands("spark-submit"):
        assert {"--config", "--out"} <= set(arguments)
        for path in ("spark_driver/train.py", "examples/reviews.toml"):
            assert path in (argument.partition("#")[0] for argument in arguments)
            assert Path(path).is_file()


def test_the_files_it_points_to_are_there() -> None:
    for path in re.findall(r"\]\(([^)#:]+)\)", README):
        assert Path(path).exists(), path

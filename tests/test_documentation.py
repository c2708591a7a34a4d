"""The documentation keeps its word: its commands are there and take these arguments, and its links lead somewhere."""

import argparse
import re
import shlex
import subprocess
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path

import pytest

import textcnn
from cluster.spark_arguments import SWITCHES
from cluster.spark_submit import spark_home
from local_hadoop import command as hadoop
from spark_driver import train

DOCUMENTS = (Path("README.md"), *sorted(Path("docs").glob("*.md")))
BLOCK = re.compile(r"```(\w*)\n(.*?)```", re.DOTALL)
PROGRAMS = ("make", "python", "spark-submit", "textcnn")
LEFT_OUT = re.compile(r"arguments are required: (.*)|expected (?:one|at least one) argument")
"""What a parser misses in a command that a sentence only names."""

Arguments = list[str]
Commands = dict[str, list[Arguments]]
"""The arguments of each command, by the name of its program."""


def in_blocks(text: str) -> Iterator[Arguments]:
    """Yields the commands of the shell's blocks, and of other blocks what stands there after a prompt."""
    for kind, block in BLOCK.findall(text):
        lines = block.replace("\\\n", " ").splitlines()
        for line in lines if kind == "sh" else [line[2:] for line in lines if line.startswith("$ ")]:
            yield from commands_of(line)


def in_sentences(text: str) -> Iterator[Arguments]:
    """Yields the commands that sentences name; a word by itself is none."""
    for named in re.findall(rf"`((?:{'|'.join(PROGRAMS)}) [^`]+)`", BLOCK.sub("", text)):
        yield from commands_of(named)


def commands_of(line: str) -> Iterator[Arguments]:
    """Yields the commands of a line, also those whose output it takes."""
    for inner in re.findall(r"\$\(([^)]*)\)", line):
        yield shlex.split(inner)
    words = shlex.shlex(line, posix=True, punctuation_chars="&|;")
    words.whitespace_split = True
    for between, part in groupby(words, lambda word: word in {"&&", "|", ";"}):
        if not between:
            yield list(part)


def found(where: Callable[[str], Iterator[Arguments]]) -> Commands:
    commands: Commands = {program: [] for program in PROGRAMS}
    for document in DOCUMENTS:
        for program, *arguments in where(document.read_text(encoding="utf-8")):
            commands.get(Path(program).name, []).append(arguments)
    return commands


WRITTEN, NAMED = found(in_blocks), found(in_sentences)


def is_launch(arguments: Arguments) -> bool:
    """Whether spark-submit is to run it."""
    on_spark = {"train", "prepare"} | ({"predict"} if "--input" in arguments else set())
    return "--engine" not in arguments and arguments[0] in on_spark


def parser_of(arguments: Arguments) -> tuple[argparse.ArgumentParser, Arguments]:
    """The parser of a command of textcnn, and what it is given."""
    return (hadoop.parser(), arguments[1:]) if arguments[0] == "hadoop" else (textcnn.parser(), arguments)


@pytest.fixture(scope="module")
def of_spark_submit() -> frozenset[str]:
    """The options that spark-submit has."""
    program = spark_home() / "bin" / "spark-submit"
    done = subprocess.run([program, "--help"], check=True, capture_output=True, encoding="utf-8")
    return frozenset(re.findall(r"(?<![\w-])--?[a-z][\w-]*", done.stdout + done.stderr))


def is_taken_by_spark_submit(arguments: Arguments, options: frozenset[str]) -> Arguments:
    """Holds arguments to what spark-submit has; returns what follows its options: script and arguments."""
    rest = iter(arguments)
    for argument in rest:
        if not argument.startswith("-"):
            return [argument, *rest]
        assert argument in options
        if argument not in SWITCHES:
            next(rest)
    return []


def test_the_commands_are_found() -> None:
    assert ["hadoop", "up", "--nodes", "2"] in WRITTEN["textcnn"]
    assert ["pack", "--output", "build"] in WRITTEN["textcnn"]
    assert ["doctor", "--profile", "build/gpu.toml", "--", "--num-executors", "3"] in WRITTEN["textcnn"]
    assert ["-m", "benchmarks.serving", "runs/reviews"] in WRITTEN["python"]
    assert ["bench"] in NAMED["make"]
    assert len(WRITTEN["spark-submit"]) == 2


@pytest.mark.parametrize("arguments", WRITTEN["make"] + NAMED["make"], ids=shlex.join)
def test_a_make_target_is_there(arguments: Arguments) -> None:
    subprocess.run(["make", "--dry-run", *arguments], check=True, capture_output=True)


@pytest.mark.parametrize("arguments", WRITTEN["python"] + NAMED["python"], ids=shlex.join)
def test_a_module_is_there(arguments: Arguments) -> None:
    assert arguments[0] == "-m"
    assert find_spec(arguments[1])


@pytest.mark.parametrize("arguments", [a for a in WRITTEN["textcnn"] if is_launch(a)], ids=shlex.join)
def test_a_run_could_be_launched(
    arguments: Arguments, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HADOOP_CONF_DIR", "/etc/hadoop/conf")
    assert textcnn.main([*arguments, "--dry-run"]) == 0
    assert f"spark_driver/{arguments[0]}.py" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [a for a in WRITTEN["textcnn"] if not is_launch(a)], ids=shlex.join)
def test_a_command_takes_its_arguments(arguments: Arguments, of_spark_submit: frozenset[str]) -> None:
    own, passed_on = textcnn.at_dashes(arguments)
    parser, given = parser_of(own)
    parser.parse_args(given)
    assert is_taken_by_spark_submit(passed_on, of_spark_submit) == []


@pytest.mark.parametrize("arguments", NAMED["textcnn"], ids=shlex.join)
def test_a_command_that_is_named_has_these_options(arguments: Arguments, capsys: pytest.CaptureFixture[str]) -> None:
    parser, given = parser_of(arguments)
    while True:
        try:
            parser.parse_args(given)
            return
        except SystemExit as ended:
            said = capsys.readouterr().err
            if ended.code == 0:  # --help
                return
            left_out = LEFT_OUT.search(said)
            assert left_out, said
            for name in (left_out[1] or "").split(", "):
                given = [*given, *([name] if name.startswith("--") else []), "ANY"]


@pytest.mark.parametrize("arguments", WRITTEN["spark-submit"], ids=shlex.join)
def test_plain_spark_submit_takes_its_arguments(arguments: Arguments, of_spark_submit: frozenset[str]) -> None:
    script, *given = is_taken_by_spark_submit(arguments, of_spark_submit)
    assert script == "spark_driver/train.py"
    train.parser().parse_args(given)
    for path in (script, "examples/reviews.toml"):
        assert path in (argument.partition("#")[0] for argument in arguments)
        assert Path(path).is_file()


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_the_files_it_points_to_are_there(document: Path) -> None:
    for path in re.findall(r"\]\(([^)#:]+)\)", document.read_text(encoding="utf-8")):
        assert (document.parent / path).exists(), path

"""The script that tells Spark which GPU an executor may use, with a stand-in for nvidia-smi."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from cluster import spark_submit

SCRIPT = Path(spark_submit.__file__).with_name("discover_gpus.sh")
EXECUTOR = f"import subprocess, sys; print(subprocess.run(['{SCRIPT}']).returncode, flush=True); sys.stdin.read()"
"""An executor runs the script as its child, and lives on."""

Executor = Callable[[str], "subprocess.Popen[str]"]


@pytest.fixture
def executor(tmp_path: Path) -> Iterator[Executor]:
    """Starts an executor on a node whose nvidia-smi answers as told."""
    with ExitStack() as running:

        def start(nvidia_smi: str) -> "subprocess.Popen[str]":
            program = tmp_path / "nvidia-smi"
            program.write_text(f"#!/bin/sh\n{nvidia_smi}\n", encoding="utf-8")
            program.chmod(0o755)
            local = tmp_path / "local"
            environment = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "LOCAL_DIRS": f"{local},/another"}
            pipe = subprocess.PIPE
            command = [sys.executable, "-c", EXECUTOR]
            process = subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, stderr=pipe, encoding="utf-8")
            running.enter_context(process)
            return process

        yield start


def gpu(executor: "subprocess.Popen[str]") -> str:
    """The one GPU that an executor has got."""
    assert executor.stdout is not None
    found = json.loads(executor.stdout.readline())
    assert found["name"] == "gpu"
    (address,) = found["addresses"]
    return str(address)


TWO = "printf 'GPU-a\\nGPU-b\\n'"


def test_executors_on_one_node_get_different_gpus(executor: Executor) -> None:
    assert [gpu(executor(TWO)), gpu(executor(TWO))] == ["GPU-a", "GPU-b"]


def test_no_gpu_is_given_twice(executor: Executor) -> None:
    first, second = executor(TWO), executor(TWO)
    assert {gpu(first), gpu(second)} == {"GPU-a", "GPU-b"}
    _, said = executor(TWO).communicate(timeout=20)
    assert "have taken all GPUs of this node" in said
    assert "GPU-a GPU-b" in said


def test_the_gpu_of_an_executor_that_has_ended_is_free(executor: Executor) -> None:
    first = executor(TWO)
    assert gpu(first) == "GPU-a"
    first.communicate(timeout=20)
    assert gpu(executor(TWO)) == "GPU-a"


def test_a_node_without_gpus_says_so(executor: Executor) -> None:
    status, said = executor("true").communicate(timeout=20)
    assert status.strip() == "1"
    assert "knows no GPU on this node" in said

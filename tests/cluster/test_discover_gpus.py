"""The script that tells Spark which GPUs there are, with a stand-in for nvidia-smi."""

import json
import os
import subprocess
from pathlib import Path

from cluster import submit

SCRIPT = Path(submit.__file__).with_name("discover_gpus.sh")


def discover(tmp_path: Path, nvidia_smi: str) -> subprocess.CompletedProcess[str]:
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/sh\n{nvidia_smi}\n", encoding="utf-8")
    program.chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run([SCRIPT], env={"PATH": path}, capture_output=True, text=True, timeout=20, check=False)


def test_all_gpus_are_told(tmp_path: Path) -> None:
    found = discover(tmp_path, "printf '0\\n3\\n'")
    assert json.loads(found.stdout) == {"name": "gpu", "addresses": ["0", "3"]}


def test_a_node_without_gpus_says_so(tmp_path: Path) -> None:
    found = discover(tmp_path, "true")
    assert found.returncode == 1
    assert "knows no GPU on this node" in found.stderr

"""The packed environment's name and what is in it; packing itself takes long and is in tests/yarn."""

import sys
from pathlib import Path

import pytest

from cluster import pack
from cluster.errors import PackError


def test_a_run_needs_tensorflow_and_no_tools_of_ours() -> None:
    needed = set(dict(pack._closure()))
    assert {"tensorflow-cpu", "tensorflowonspark", "setuptools", "hdfs-native", "pyarrow"} <= needed
    assert not {"mypy", "pytest", "ruff", "textcnn-on-spark"} & needed


def test_tools_and_what_nobody_runs_on_a_node_are_left_out() -> None:
    targets = {file.target for file in pack._environment(dict(pack._closure())).files}
    site = f"lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"
    assert {"bin/python", f"{site}/tensorflow/__init__.py", f"{site}/tensorflowonspark/TFNode.py"} <= targets
    assert not [t for t in targets if t.startswith((f"{site}/mypy/", f"{site}/pytest/", f"{site}/pyspark/"))]
    assert not [t for t in targets if "/tests/" in t or t.endswith((".h", ".c", ".cc", ".pyx", ".pyi"))]
    assert not [t for t in targets if t.startswith("bin/") and not t.startswith("bin/python")]


def test_the_name_changes_with_what_is_needed() -> None:
    needed = dict(pack._closure())
    name = pack._digest(needed)
    assert name == pack._digest(dict(reversed(needed.items())))
    del needed["six"]
    assert name != pack._digest(needed)


def test_an_archive_that_is_there_is_not_packed_again(tmp_path: Path) -> None:
    there = tmp_path / f"environment-{pack._digest(dict(pack._closure()))}.tar.gz"
    there.touch()
    assert pack.pack(tmp_path) == (there, True)


def test_only_a_virtual_environment_can_be_packed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "prefix", sys.base_prefix)
    with pytest.raises(PackError, match="is in no virtual environment"):
        pack.pack(tmp_path)

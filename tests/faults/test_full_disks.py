"""A disk without room for a worker's documents ends the run with its name and what to do."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.conftest import Fault, Runs
from tests.integration.conftest import Command, Running
from tests.integration.test_main_job import result_of

pytestmark = pytest.mark.faults

SIZE = "32m"
"""Room for what Java's libraries unpack there."""
LEFT_BYTES = 300_000
"""Room for logs; less than the documents of two workers take."""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Where the executors of a run work, a file system of its own."""
    folder = tmp_path / "out" / "logs"
    folder.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small disk has to be mounted, which not everybody may")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def fill(disk: Path) -> None:
    """Leaves no more than some room on a disk."""
    status = os.statvfs(disk)
    (disk / "filler").write_bytes(bytes(status.f_bavail * status.f_bsize - LEFT_BYTES))


def test_a_spool_whose_disk_is_full(
    command: Command, tmp_path: Path, reviews: list[dict[str, Any]], fault: Fault, small_disk: Path
) -> None:
    def watch(line: str, _: Running) -> None:
        if line.startswith("starting 2 TensorFlow workers") and not (small_disk / "filler").exists():
            fill(small_disk)

    run = Runs(command, tmp_path, reviews, fault, watch)
    outcome = run(lambda *_: None, "train.max_restarts=1")
    assert outcome.status == 1, outcome.terminal
    error = result_of(run.out)["error"]
    assert f"{small_disk}/" in error
    assert "/blocks cannot be written: No space left on device. Remove what is not needed on that disk" in error
    assert "The workers were started again once" in error
    assert not (run.out / "model").exists()

"""A preparation that is ended from the keyboard ends with all that it has started, and says so."""

import json
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from local_hadoop.daemons import wait_until
from tests.engines import rows
from tests.engines.test_equal_corpora import FLINK

pytestmark = [pytest.mark.integration, pytest.mark.skipif(not FLINK.exists(), reason="make env-flink")]

LIMIT_SECONDS = 60
RUN = """
name = "rows"
[data]
input = "{input}"
max_bad_fraction = 0.9
"""


def is_at_work(process: psutil.Process) -> bool:
    """Whether a worker of Python's has been started, by the JVM."""
    with suppress(psutil.NoSuchProcess):  # one that ends meanwhile
        lines = [" ".join(each.cmdline()) for each in process.children(recursive=True)]
        return any("pyflink.fn_execution" in line for line in lines)
    return False


def test_flinks_job_ends_with_its_launch(tmp_path: Path) -> None:
    files = rows.write(tmp_path)
    run = tmp_path / "run.toml"
    run.write_text(RUN.format(input=files["data.input"]), encoding="utf-8")
    command = [str(Path(sys.executable).with_name("textcnn")), "prepare", str(run), "--engine", "flink"]
    command += ["--output", str(tmp_path / "to" / "corpus"), "--out", str(tmp_path / "out")]
    with psutil.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        assert wait_until(lambda: is_at_work(process), LIMIT_SECONDS), process.poll()
        begun = process.children(recursive=True)
        process.send_signal(signal.SIGINT)
        said = process.stderr.read().decode()
        assert process.wait(LIMIT_SECONDS) == 1, said
        _, alive = psutil.wait_procs(begun, LIMIT_SECONDS)
    assert not alive
    assert "The preparation was ended by SIGINT." in said
    assert "Traceback" not in said
    result = json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))
    assert (result["status"], result["error"]) == ("failed", "The preparation was ended by SIGINT.")
    assert not list((tmp_path / "to").iterdir())

"""What is told of YARN's errors, and of signals; YARN itself is in tests/yarn."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cluster.yarn import client as yarn


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("no such application.\n\tat org.apache.hadoop.Server.call(Server.java:1)\n", "no such application."),
        ("refused; For more details see:  http://wiki.apache.org/hadoop/ConnectionRefused", "refused"),
        ("null", "null"),
    ],
)
def test_stack_traces_and_wiki_addresses_are_left_out(message: str, reason: str) -> None:
    assert yarn._reason(message) == reason


PROGRAM = """
from cluster.yarn import client
from run import signals
try:
    with signals.raised(), client.hadoop() as gateway:
        print("asking", flush=True)
        gateway.jvm.java.lang.Thread.sleep(60_000)
except KeyboardInterrupt as interrupt:
    print(interrupt)
"""


def test_a_signal_interrupts_a_question(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "HADOOP_CONF_DIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "asking\n"
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=60) == ("SIGINT\n", "")

"""Which signals end a launch, and what programs that it starts inherit."""

import os
import signal
import subprocess
import sys

import pytest

from run import signals

PROGRAM = """
import os, signal, sys
from run import signals
try:
    with signals.raised():
        os.kill(os.getpid(), int(sys.argv[1]))
        print("goes on")
except KeyboardInterrupt as interrupt:
    print(interrupt)
"""


def said(number: signal.Signals, shell: str = "") -> str:
    command = ["bash", "-c", f'{shell} exec "$@"', "bash", sys.executable, "-c", PROGRAM, str(int(number))]
    return subprocess.run(command, check=True, capture_output=True, encoding="utf-8", timeout=60).stdout.strip()


@pytest.mark.parametrize("number", signals.ENDING)
def test_each_of_them_interrupts_where_sigint_is_ignored(number: signal.Signals) -> None:
    assert said(number, "trap '' INT;") == number.name


def test_those_that_have_come_are_known() -> None:
    with signals.raised() as received:
        for number in signals.ENDING:
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(number)
    assert tuple(received) == signals.ENDING


def test_a_hangup_that_nohup_ignores_stays_ignored() -> None:
    assert said(signal.SIGHUP, "trap '' HUP;") == "goes on"
    assert said(signal.SIGTERM, "trap '' HUP;") == "SIGTERM"


def test_a_program_that_is_started_meanwhile_ignores_none_of_them() -> None:
    before = {number: signal.signal(number, signal.SIG_IGN) for number in signals.ENDING}
    try:
        with signals.raised():
            status = subprocess.run(
                ["cat", "/proc/self/status"], check=True, capture_output=True, encoding="utf-8"
            ).stdout
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    ignored = int(status.partition("SigIgn:")[2].split()[0], 16)
    assert not [number for number in signals.ENDING if ignored >> (number - 1) & 1]


FINALIZER = """
import os, signal, sys, time, weakref
from run import signals

class Referred: pass

for number in signals.ENDING:
    try:
        with signals.raised():
            referred = Referred()
            reference = weakref.ref(referred, lambda _: os.kill(os.getpid(), number))
            del referred
            time.sleep(30)
            print("goes on")
    except KeyboardInterrupt as interrupt:
        print(interrupt)
"""


def test_one_that_comes_while_a_finalizer_runs_is_not_lost() -> None:
    program = [sys.executable, "-c", FINALIZER]
    done = subprocess.run(program, check=True, capture_output=True, encoding="utf-8", timeout=120)
    assert done.stdout.split() == [number.name for number in signals.ENDING]
    assert not done.stderr


def test_a_second_one_does_not_disturb_the_answer_to_the_first() -> None:
    with signals.raised(), signals.ignored():
        for number in signals.ENDING:
            os.kill(os.getpid(), number)

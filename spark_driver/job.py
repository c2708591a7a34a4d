"""What every script of the driver does around its work: arguments, the run's folder, its result, the exit status."""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from run import settings, signals
from run.config import RunConfig
from run.folder import new_run
from run.result import Result
from run.terminal import Terminal
from spark_driver import application_master
from spark_driver.errors import cause, described, exit_status
from spark_driver.run_folder import RunFolder
from storage import StorageError

Work = Callable[[RunFolder, Result, Terminal], None]
"""Fills the result on the way, so that it tells how far a failed run came."""
Configured = Callable[[RunConfig, RunFolder, Result, Terminal], None]
"""Likewise, of what a run file says."""


def parser(program: str, description: str | None) -> argparse.ArgumentParser:
    """Returns the parser of what every script is given."""
    made = argparse.ArgumentParser(prog=program, description=description, formatter_class=argparse.RawTextHelpFormatter)
    made.add_argument("--out", required=True, metavar="URI", help="the run's folder, local or on HDFS")
    made.add_argument("--run", default=new_run(), metavar="NAME", help="the run's name, if not a new one")
    return made


def run_file_parser(program: str, description: str | None) -> argparse.ArgumentParser:
    """Returns the parser of what a script is given that does what a run file says."""
    made = parser(program, description)
    made.add_argument("--config", type=Path, required=True, help="the run file")
    made.add_argument("--set", action="append", default=[], metavar="section.key=value", help="change the run file")
    return made


def configured(options: argparse.Namespace, work: Configured) -> Work:
    """Returns the work with its run file read and recorded."""

    def of_run_file(folder: RunFolder, result: Result, terminal: Terminal) -> None:
        config = settings.read(RunConfig, options.config, options.set)
        folder.write_config(settings.to_json(config))
        work(config, folder, result, terminal)

    return of_run_file


def run(options: argparse.Namespace, work: Work) -> int:
    """Does the work and returns the exit status of the script."""
    result, begun = Result(options.run), time.monotonic()
    with Terminal(Console(stderr=True)) as terminal:
        folder = RunFolder(options.out, options.run, terminal.say)
        try:
            with signals.raised():
                folder.create()
                work(folder, result, terminal)
            result.status = "succeeded"
        except (Exception, KeyboardInterrupt) as raised:  # noqa: BLE001 - the end of the program: its status tells it
            error = cause(raised)
            result.error = described(error)
            terminal.fail(result.error)
            status = exit_status(error)
        else:
            status = 0
        result.exit_status = status
        result.seconds.total = time.monotonic() - begun
        if folder.created:
            _record(folder, result, terminal)
    if result.error is not None:
        application_master.fail_from_container(status, result.error)
    return status


def _record(folder: RunFolder, result: Result, terminal: Terminal) -> None:
    """Writes result and report. If they cannot be written, the terminal says so: the exit status is the work's."""
    try:
        folder.write_result(result)
    except StorageError as error:
        terminal.fail(f"The run's records are not complete: {error}")

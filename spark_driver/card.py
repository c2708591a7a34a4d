"""Reads and prepares the documents of a run, and says what they are; nothing is trained.

    spark-submit … spark_driver/card.py --config RUN.toml [--set section.key=value …] --out URI

Exit status as that of train.py, where the card takes the place of the model.
"""

import sys
import time
from collections.abc import Sequence

from run.config import RunConfig
from run.data_card import DataCard
from run.events import Advised
from run.result import Result
from run.terminal import Terminal
from spark_driver import job
from spark_driver.data_card import data_card
from spark_driver.preparing import Prepared, prepare
from spark_driver.run_folder import RunFolder
from spark_driver.session import session


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the job and returns its exit status."""
    options = job.run_file_parser("card.py", __doc__).parse_args(arguments)
    return job.run(options, job.configured(options, card))


def card(config: RunConfig, folder: RunFolder, result: Result, terminal: Terminal) -> None:
    """Prints the card of the documents too."""
    with session(config.name) as spark:
        terminal.stage("reading and preparing the documents")
        prepared = prepare(spark, config, folder, result)
        found = describe(prepared, config, folder, result, terminal)
        terminal.say("\n".join(found.lines()))


def describe(prepared: Prepared, config: RunConfig, folder: RunFolder, result: Result, terminal: Terminal) -> DataCard:
    """Counts what the documents are, writes the card and prints its warnings."""
    terminal.stage("counting what the documents are")
    begun = time.monotonic()
    found = data_card(prepared.documents, prepared.language, prepared.counts.sizes, config)
    folder.write_data_card(found)
    for warning in found.warnings:
        advised = Advised(warning)
        terminal.show(advised)
        folder.record(advised)
    result.seconds.card = time.monotonic() - begun
    return found


if __name__ == "__main__":
    sys.exit(main())

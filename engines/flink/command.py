"""Prepares what a request asks for, in Flink's environment: `python -m engines.flink.command REQUEST`, a URI."""

import sys

from rich.console import Console

import storage
from engines.flink import process
from engines.flink.prepare import prepare
from engines.flink.request import Request
from engines.records import Records, recorded
from prepared.manifest import Manifest
from run.terminal import Terminal


def main(arguments: list[str]) -> int:
    """Prepares, and returns the exit status."""
    (uri,) = arguments
    process.begin()
    request = Request.from_json(storage.read(uri))
    target = storage.absolute(request.output)
    with Terminal(Console(stderr=True)) as terminal:

        def prepared(records: Records) -> tuple[str, Manifest]:
            terminal.stage("reading and preparing the documents")
            return target, prepare(request, target, records)

        return recorded(request.out, request.config, terminal, prepared)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

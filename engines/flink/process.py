"""What a process of ours in Flink's environment sets before it asks PyFlink for anything."""

import logging
import os

WORKERS = "_python_worker_execution_mode"
"""PyFlink's variable for what runs Python's functions: process, or else threads of this one, which share a core."""


def begin() -> None:
    """Has Python's functions run in processes of their own, all at once; one that dies is replaced.

    Py4J logs, with a traceback, that a signal has interrupted a connection. It raises that as well, which is enough.
    """
    os.environ.setdefault(WORKERS, "process")
    logging.getLogger().addFilter(lambda record: "py4j" not in record.pathname)
    logging.getLogger("py4j").propagate = False

"""A signal that ends a job of Flink's: what Py4J makes of it."""

import logging


def raised_alone() -> None:
    """Keeps Py4J from logging, with a traceback, that a signal has interrupted a connection: it raises that as well."""
    logging.getLogger().addFilter(lambda record: "py4j" not in record.pathname)
    logging.getLogger("py4j").propagate = False

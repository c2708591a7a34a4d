"""Spark with two executors of one core each on this machine, as peers start it."""

from collections.abc import Iterator
from contextlib import contextmanager

from pyspark.sql import SparkSession

WORKERS = 2


@contextmanager
def session() -> Iterator[SparkSession]:
    """Executors in processes of their own, with one task slot each, and all there before anything starts."""
    builder = SparkSession.builder.master(f"local-cluster[{WORKERS},1,1024]")
    builder = builder.config("spark.scheduler.minRegisteredResourcesRatio", "1.0")
    builder = builder.config("spark.ui.enabled", "false").config("spark.log.level", "ERROR")
    with builder.getOrCreate() as spark:
        yield spark

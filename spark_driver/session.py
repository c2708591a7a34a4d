"""The Spark session of a run, and what it has to be for TensorFlow workers."""

import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from pyspark import SparkConf, SparkContext
from pyspark.sql import SparkSession

from run.resources import FIXED
from spark_driver import application_master

REQUIRED = {
    **FIXED,
    "spark.python.worker.reuse": "true",
    "spark.speculation": "false",
}
"""A worker stays on its executor, and so must the executor; the worker's process is a child of Spark's Python."""

BOUNDS = {
    # Nothing starts before all executors are there; a node may have to unpack the environment first.
    "spark.scheduler.maxRegisteredResourcesWaitingTime": "120s",
    # Workers that are started wait for each other, ...
    "spark.barrier.sync.timeout": "60",
    # ... and before that for an executor that was lost and comes again: 144 times 5 s, as YARN misses a node that has
    # died after ten minutes (yarn.nm.liveness-monitor.expiry-interval-ms), and gives no other executor before.
    "spark.scheduler.barrier.maxConcurrentTasksCheck.interval": "5s",
    "spark.scheduler.barrier.maxConcurrentTasksCheck.maxFailures": "144",
    # What is removed from an executor that does not answer is not waited for: the end would be, for two minutes.
    "spark.cleaner.referenceTracking.blocking": "false",
    # What is counted is kept in as many partitions as it fills, not in the 200 that it was shuffled to: each is a task.
    "spark.sql.optimizer.canChangeCachedPlanOutputPartitioning": "true",
    # A task hands on no more tokens of a view than its vocabulary has.
    "spark.sql.optimizer.windowGroupLimitThreshold": "1000000",
    # Segmenting 128 MB, Spark's own bound, takes half a minute: executors would wait for the one with the last split.
    "spark.sql.files.maxPartitionBytes": "32m",
    # Documents are handed to Python in batches: of so many, and of so many bytes where Spark knows that (since 4.1).
    "spark.sql.execution.arrow.maxRecordsPerBatch": "1000",
    "spark.sql.execution.arrow.maxBytesPerBatch": "8m",
}
"""How long to wait, where Spark's own bounds are 30 s, a year and ten minutes, how much to hold, and in how many parts.
What spark-submit was given wins."""


# What Py4J logs with a traceback when a connection is interrupted, by whatever logger, it raises as well.
logging.getLogger().addFilter(lambda record: "py4j" not in record.pathname)
logging.getLogger("py4j").propagate = False


@contextmanager
def session(name: str) -> Iterator[SparkSession]:
    """Spark with the properties that spark-submit was given, and those that the workers need.

    What fails inside fails for YARN too.
    """
    SparkContext._ensure_initialized()  # only then a SparkConf knows what spark-submit was given
    conf = SparkConf().setAppName(name).setAll(list(REQUIRED.items()))
    for key, value in BOUNDS.items():
        conf.setIfMissing(key, value)
    on_interrupt = signal.getsignal(signal.SIGINT)
    with SparkSession.builder.config(conf=conf).getOrCreate() as spark:
        signal.signal(signal.SIGINT, on_interrupt)  # PySpark has put its own in the place
        try:
            yield spark
        except BaseException:
            application_master.fail_from_gateway(spark.sparkContext)
            raise

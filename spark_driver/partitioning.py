"""Sends rows to the partitions that they name, in the JVM.

Stands in for `DataFrame.repartitionById`, which Spark 3.5 does not have (4.1 does). `RDD.partitionBy`, which both have,
collects up to a thousand values for each partition in Python before it hands them on: hundreds of megabytes of blocks.
It rests on this: `DataFrame.repartition(n, column)` sends a row to the partition pmod(hash(column), n), with the hash
of SQL's function hash (org.apache.spark.sql.catalyst.plans.physical.HashPartitioning, read in Spark 3.5 and 4.3). If
that changes, shares become unequal, and tests/spark_driver/test_partitioning.py fails.
"""

from pyspark.sql import SparkSession
from pyspark.sql import functions as F  # noqa: N812 - as all of Spark's documentation writes it

CANDIDATES = 16
"""Numbers that are tried for each partition, at first."""


def keys(spark: SparkSession, partitions: int) -> list[int]:
    """Returns for each partition a number (a value of an int column) that is sent there."""
    candidates = CANDIDATES * partitions
    while True:
        number = F.col("id").cast("int").alias("number")
        partition = F.pmod(F.hash(F.col("id").cast("int")), F.lit(partitions)).alias("partition")
        rows = spark.range(candidates).select(number, partition).collect()
        found = {row["partition"]: row["number"] for row in rows}
        if len(found) == partitions:
            return [found[i] for i in range(partitions)]
        candidates *= 2

"""Rows go to the partitions that they name; if this fails, Spark hashes otherwise than it did."""

import pytest
from pyspark.sql import SparkSession

from spark_driver.partitioning import keys

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("partitions", [1, 2, 3, 7, 64])
def test_each_key_is_alone_in_its_partition(spark: SparkSession, partitions: int) -> None:
    rows = [(key,) for key in keys(spark, partitions)] * 2
    frame = spark.createDataFrame(rows, "key int").repartition(partitions, "key")
    found = [{row["key"] for row in partition} for partition in frame.rdd.glom().collect()]
    assert found == [{key} for (key,) in rows[:partitions]]

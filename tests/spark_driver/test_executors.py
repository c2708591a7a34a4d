"""What is said of executors that are not there."""

import pytest
from pyspark.sql import SparkSession

from spark_driver.errors import ClusterStartError
from spark_driver.executors import check_registered, lost


def test_executors_that_have_not_come_are_counted(spark: SparkSession) -> None:
    check_registered(spark.sparkContext, 0)
    assert lost(spark.sparkContext) == ""
    with pytest.raises(ClusterStartError, match="2 executors were asked for, 0 are there"):
        check_registered(spark.sparkContext, 2)

"""How many executors were asked for, and what is said of those that are not there."""

from unittest.mock import patch

import pytest
from pyspark import SparkConf
from pyspark.sql import SparkSession

from spark_driver.errors import ClusterStartError, SettingsError
from spark_driver.executors import Executors, asked, check_registered, lost


def of(spark: SparkSession, **properties: str) -> Executors:
    """What is read from a session with these properties."""
    conf = SparkConf(loadDefaults=False).setAll([(f"spark.{k.replace('_', '.')}", v) for k, v in properties.items()])
    with patch.object(type(spark.sparkContext), "getConf", lambda _: conf):
        return asked(spark)


def test_a_cluster_on_this_machine_says_how_many(spark: SparkSession) -> None:
    assert of(spark, master="local-cluster[3, 2, 1024]", task_cpus="2") == Executors(number=3, cores=2)


def test_yarn_is_told_how_many(spark: SparkSession) -> None:
    assert of(spark, master="yarn", executor_instances="4", executor_cores="8", task_cpus="8") == Executors(4, 8)


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({"master": "local[2]"}, r"process of its own. Received: master 'local\[2\]'"),
        ({"master": "yarn", "executor_cores": "1"}, "Set spark.executor.instances"),
        ({"master": "local-cluster[2,4,1024]"}, "one task slot.* Received: 4.*Set spark.task.cpus=4"),
    ],
)
def test_what_workers_cannot_run_on_is_refused(spark: SparkSession, properties: dict[str, str], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        of(spark, **properties)


def test_executors_that_have_not_come_are_counted(spark: SparkSession) -> None:
    check_registered(spark.sparkContext, 0)
    assert lost(spark.sparkContext) == ""
    with pytest.raises(ClusterStartError, match="2 executors were asked for, 0 are there"):
        check_registered(spark.sparkContext, 2)

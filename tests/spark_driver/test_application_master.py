"""What is reached in Spark by reflection is there; if this fails, read spark_driver/application_master.py."""

import pytest
from pyspark.sql import SparkSession

from spark_driver.application_master import MASTER

pytestmark = pytest.mark.integration


def test_spark_keeps_its_application_master_in_a_field_of_the_companion(spark: SparkSession) -> None:
    jvm = spark.sparkContext._jvm
    assert jvm is not None
    companion = jvm.java.lang.Class.forName(f"{MASTER}$")
    assert companion.getField("MODULE$") is not None
    fields = [field for field in companion.getDeclaredFields() if field.getType().getName() == MASTER]
    assert len(fields) == 1
    methods = [method.toString() for method in jvm.java.lang.Class.forName(MASTER).getMethods()]
    finish = "org.apache.hadoop.yarn.api.records.FinalApplicationStatus,int,java.lang.String"
    assert [method for method in methods if f".finish({finish})" in method]

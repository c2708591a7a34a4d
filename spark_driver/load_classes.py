"""Has one JVM load the classes of a run's driver and executors; `cluster/class_archive.py` keeps them.

    spark-submit … spark_driver/load_classes.py

It has a task run on an executor, as a driver has, and then prepares a few rows within its own JVM, as driver and
executor.
"""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from pyspark.sql import SparkSession

from run.config import DataConfig, RunConfig, TextConfig
from run.result import Result
from spark_driver.data_card import data_card
from spark_driver.preparing import prepare
from spark_driver.run_folder import RunFolder
from spark_driver.session import BOUNDS

ROWS = 64


def main() -> None:
    """Does in a small way what a run does."""
    with _of("local-cluster[1,1,1024]").getOrCreate() as spark:
        spark.sparkContext.parallelize(range(2), 1).barrier().mapPartitions(list).collect()
    with TemporaryDirectory() as folder, _of("local[1]").getOrCreate() as spark:
        source = Path(folder, "rows.jsonl")
        rows = ({"text": f"第{row % 8}本书很好", "label": "ab"[row % 2]} for row in range(ROWS))
        source.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        config = RunConfig(data=DataConfig(input=str(source), format="jsonl"), text=TextConfig(min_count=1))
        out = RunFolder(f"{folder}/out", "loading")
        out.create()
        prepared = prepare(spark, config, out, Result())
        data_card(prepared.documents, prepared.language, prepared.counts.sizes, config)
        prepared.blocks(1).map(len).collect()


def _of(master: str) -> SparkSession.Builder:
    return SparkSession.builder.master(master).config("spark.executor.memory", "1g").config(map=dict(BOUNDS))


if __name__ == "__main__":
    main()

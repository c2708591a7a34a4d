"""Has Spark cut inputs into a number of splits."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from run.config import DataConfig

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@contextmanager
def in_splits(spark: "SparkSession", data: DataConfig, splits: int) -> Iterator[None]:
    """Cuts the files of a run into so many splits, or a few more: none has parts of two files."""
    files = [Path(path) for path in (data.input, data.train, data.test) if path]
    size = sum(file.stat().st_size for file in files if file.exists())
    settings = {"maxPartitionBytes": max(1, -(-size // splits)), "openCostInBytes": 0, "minPartitionNum": 1}
    for key, value in settings.items():
        spark.conf.set(f"spark.sql.files.{key}", str(value))
    try:
        yield
    finally:
        for key in settings:
            spark.conf.unset(f"spark.sql.files.{key}")

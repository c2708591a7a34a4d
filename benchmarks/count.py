"""A bare pyspark job that only counts: what `benchmarks.yarn` compares the start of a training with.

Writes the time at which it was done, in seconds since 1970, to a file on the machine that the driver runs on.
"""

import sys
import time
from pathlib import Path

from pyspark.sql import SparkSession

source, done = sys.argv[1:]
with SparkSession.builder.getOrCreate() as spark:
    assert spark.read.json(source).rdd.count()  # in Python, as ours
    Path(done).write_text(str(time.time()), encoding="utf-8")

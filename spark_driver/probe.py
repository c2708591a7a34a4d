"""Probes a cluster for `textcnn doctor --probe`: a task on an executor tries all that a worker needs there.

    spark-submit … spark_driver/probe.py --out URI

Exit status: 0, probe.json in the folder says what was found; anything else, the probe did not come so far.
"""

import sys
from collections.abc import Sequence

from pyspark import SparkContext

from spark_driver import application_master, checks


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the probe and returns its exit status."""
    for found in checks.on_driver():
        if found.traceback is not None:
            told = f"{found.what}: {found.found}\n{found.traceback}"
            print(told, file=sys.stderr)
            SparkContext._ensure_initialized()
            application_master.fail_from_container(1, told)
            return 1
    from spark_driver import job
    from spark_driver.probing import probe

    return job.run(job.parser("probe.py", __doc__).parse_args(arguments), probe)


if __name__ == "__main__":
    sys.exit(main())
